"""Every command of the bot, in the order of /help."""

from bots.commands import account, choosing, consenting, drawing, erasing, exports, letters, oneself, pictures, rights
from bots.declaring import Commands

commands = Commands()
commands.include(account.commands)
commands.include(drawing.commands)
commands.include(choosing.commands)
commands.include(pictures.commands)
commands.include(letters.commands)
commands.include(consenting.commands)
commands.include(oneself.commands)
commands.include(exports.commands)
commands.include(erasing.commands)
commands.include(rights.commands)

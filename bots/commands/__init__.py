"""Every command of the bot, in the order of /help."""

from bots.commands import account, choosing, drawing, pictures, rights
from bots.declaring import Commands

commands = Commands()
commands.include(account.commands)
commands.include(drawing.commands)
commands.include(choosing.commands)
commands.include(pictures.commands)
commands.include(rights.commands)

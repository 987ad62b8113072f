"""The smallest bot that uses what Darkroom uses of Discord; also `python -m tests.discord_.tiny_bot`.

It knows nothing of the stand-in, so that the same bot also runs in another process and in another model of Discord.
"""

from __future__ import annotations

import io
import os

import discord
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

SHAPES = ("square", "portrait", "landscape")


class Again(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Again", custom_id="again")
    async def again(self, interaction: discord.Interaction, _: discord.ui.Button) -> None:
        await interaction.response.edit_message(content="once more")

    @discord.ui.button(label="Edit", custom_id="edit")
    async def edit(self, interaction: discord.Interaction, _: discord.ui.Button) -> None:
        await interaction.response.send_modal(Edit())


class Edit(discord.ui.Modal, title="Edit"):
    prompt: discord.ui.TextInput = discord.ui.TextInput(label="Prompt", default="a fox", max_length=50)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.edit_message(content=self.prompt.value)


class TinyBot(discord.Client):
    def __init__(self) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            guild_ready_timeout=0.05,
        )
        self.tree = app_commands.CommandTree(self)
        self.tree.add_command(imagine)
        self.tree.add_command(whoami)

    async def setup_hook(self) -> None:
        self.add_view(Again())
        await self.tree.sync()


@app_commands.command(description="Draw a picture from your words")
@app_commands.describe(prompt="What you would like to see", shape="Its shape", count="How many")
async def imagine(
    interaction: discord.Interaction, prompt: str, shape: str = "square", count: app_commands.Range[int, 1, 4] = 1
) -> None:
    await interaction.response.defer(thinking=True)
    pictures = [discord.File(io.BytesIO(f"{prompt} {shape}".encode()), f"{number}.png") for number in range(count)]
    await interaction.edit_original_response(content=prompt, attachments=pictures, view=Again())


@imagine.autocomplete("shape")
async def shapes(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=shape.title(), value=shape) for shape in SHAPES if shape.startswith(typed)]


@app_commands.command(description="Who you are")
async def whoami(interaction: discord.Interaction) -> None:
    await interaction.response.send_message(f"You are {interaction.user.mention}", ephemeral=True)


def main() -> None:
    Route.BASE = os.environ["DARKROOM_DISCORD_API"]
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["DARKROOM_DISCORD_GATEWAY"])
    TinyBot().run(os.environ["DARKROOM_DISCORD_TOKEN"], log_handler=None)


if __name__ == "__main__":
    main()

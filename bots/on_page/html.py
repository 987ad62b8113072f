"""The page's one document, with every word of it from the texts. Knows no visitor: it is the same for everybody."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bots.replies import say
from bots.texts import render
from core.rules import ATTACHMENT_BYTES

WORDS = (
    say("page.title"),
    say("page.you"),
    say("page.skip"),
    say("page.conversation"),
    say("page.gallery"),
    say("page.balance_name"),
    say("page.field"),
    say("page.hint"),
    say("page.hint_new"),
    say("page.keys_help"),
    say("page.send"),
    say("page.options"),
    say("page.attach"),
    say("page.detach"),
    say("page.draw"),
    say("page.form_new"),
    say("page.form_changed"),
    say("page.form_more"),
    say("page.form_free"),
    say("page.form_none"),
    say("page.form_weight"),
    say("page.form_no_file"),
    say("page.close"),
    say("page.open_large"),
    say("page.previous"),
    say("page.next"),
    say("page.by_ai"),
    say("page.without"),
    say("page.fact_id"),
    say("page.fact_seed"),
    say("page.fact_size"),
    say("page.fact_steps"),
    say("page.fact_guidance"),
    say("page.fact_model"),
    say("page.fact_style"),
    say("page.fact_lora"),
    say("page.fact_strength"),
    say("page.fact_price"),
    say("page.fact_drawn"),
    say("page.progress"),
    say("page.drawing"),
    say("page.ready"),
    say("page.ended"),
    say("page.gallery_empty"),
    say("page.gallery_more"),
    say("page.delete_title"),
    say("page.delete_sure"),
    say("page.delete_keep"),
    say("page.report_title"),
    say("page.report_why"),
    say("page.report_send"),
    say("page.cancel"),
    say("page.not_sent"),
    say("page.send_again"),
    say("page.reconnecting"),
    say("page.elsewhere"),
    say("page.go_on_here"),
    say("page.needs_script"),
    say("page.needs_cookie"),
    say("parse.file_too_large", most=ATTACHMENT_BYTES // 1_000_000),
)


def page_html() -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "static"), autoescape=True, undefined=StrictUndefined
    )
    words = {line.key.partition(".")[2]: render(line) for line in WORDS}
    return environment.get_template("page.html").render(words=words, most_bytes=ATTACHMENT_BYTES)

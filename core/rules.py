"""Prices, limits, ages and periods: plain numbers, each with its source. Knows no setting and no store."""

from __future__ import annotations

from typing import Final

SECOND: Final = 1_000  #: milliseconds, the unit of every moment and span in the product
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

CREDIT: Final = 1_000  #: milli-credits, the unit of every amount
PRICE_STEP: Final = CREDIT // 10  #: prices are rounded up to a tenth of a credit

MINIMUM_AGE: Final = 16  #: GDPR article 8 allows 13 to 16; the strictest holds where no country is known
WELCOME_ONCE: Final = frozenset({"page"})  #: doors with one welcome for all: whoever drops a cookie there is new again
TOO_YOUNG_LIFE: Final = 30 * DAY  #: how long somebody who said they are too young is not asked again

PROMPT_CHARACTERS: Final = 2_000  #: after NFC; longer is refused with a sentence
ATTACHMENT_BYTES: Final = 20_000_000  #: what Telegram lets a bot download; larger files are refused unread
REFERENCE_BYTES: Final = 10_000_000  #: of a picture to start from; more is refused before anybody looks at it
REFERENCE_PIXELS: Final = 25_000_000  #: in it, by its header; more is refused before it is decoded
REFERENCE_STRENGTH: Final = (
    0.05,
    1.0,
)  #: how far one can go from it: at 0 nothing would be drawn, at 1 it is forgotten
USUAL_STRENGTH: Final = 0.6
LORA_STRENGTH: Final = (-2.0, 2.0)  #: beyond, pictures fall apart; below 0 an adapter takes away what it stands for
PICTURES_PER_JOB: Final = 4
SEEDS: Final = 2**32  #: seeds are 0 <= seed < SEEDS

LEASE: Final = 60 * SECOND  #: a job whose worker was not heard for this long goes back to the queue
HEARTBEAT: Final = 10 * SECOND  #: leases are renewed at most this often
ATTEMPTS: Final = 3  #: a job that was started this often and never finished is given up
START_DEADLINE: Final = 30 * MINUTE  #: a job that was not started by then is released
HOLD_LIFE: Final = 4 * HOUR  #: longer than START_DEADLINE and every chain of leases that may follow it
RESTORED_LIFE: Final = 24 * HOUR  #: credits released after their own expiry are usable for this long

HEAVIEST: Final = 100  #: how many turns somebody may have for one of others

LEADERSHIP: Final = 20 * SECOND  #: a process that was not heard for this long leads no more
LEADERSHIP_RENEWED: Final = 5 * SECOND
JOBS_PER_WORKER: Final = 2  #: jobs dispatched per worker: one drawing, one behind it
AGED: Final = 10 * MINUTE  #: whoever is in line and got nothing for so long goes first, every other time at most
MODEL_SWITCH: Final = 10 * SECOND  #: of loading another model; whose turn is that near goes before, if it spares one
SKIPS: Final = 3  #: times in a row
OVERLAP: Final = 5 * SECOND  #: jobs are read again this far back: clocks differ, and transactions take time
RESYNC: Final = 30 * SECOND  #: the line in memory is compared with the whole queue this often
ORPHAN_AGE: Final = HOLD_LIFE  #: a blob or key without a row is older than any transaction that could still name it

LOT_PRIORITY: Final = {"restored": 0, "promo": 1, "sub": 5, "comp": 8, "paid": 10}  #: which credits are used first
REPAYS_DEBT: Final = frozenset({"paid", "comp"})  #: free and subscription credits never repay a debt

REQUEST_BURST: Final = 5  #: requests at once before the limit per minute counts
COMMAND_BURST: Final = 20
INBOX_LIFE: Final = 48 * HOUR  #: an update that comes again within this time is not acted on again
BUTTON_LIFE: Final = 30 * DAY  #: buttons under older messages say kindly that they are too old
LATE_CANCEL: Final = 0.5  #: taken back after this share of the steps, a request counts towards the limits as if drawn
PREVIEW_PAUSE: Final = 2 * SECOND  #: between two previews of one picture
KEEP_DAYS: Final = 3_650  #: the longest a person may ask us to keep their pictures, 0 being for good
REPORT_CHARACTERS: Final = 500

"""Proves the books from their entries, and from nothing the ledger itself computed. Reads only.

A rule is a query for the rows that break it. All of them run as one statement, so that books in use are seen at one moment.
What the ledger should do is written down here a second time, in SQL; the two share no code.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, text


class Rule(NamedTuple):
    """`broken` selects id, found and wanted of each row that breaks the rule; `sentence` says so."""

    sentence: str
    broken: str


def mistakes(connection: Connection) -> list[str]:
    """One sentence for each way in which the books are wrong; empty means they are right."""
    rows = connection.execute(_ALL_RULES)
    return sorted(RULES[row.rule].sentence.format(id=row.id, found=row.found, wanted=row.wanted) for row in rows)


#: chart: what each kind of transaction may post, to which account ({} stands for its own), with which sign, and whether
#: for a lot (1), for none (0) or for either (NULL). posted: what the entries of a lot say about its columns; only the
#: transaction that opened it says how much it brought. piece: slices of a hold, and how much was taken before each.
COMMON = """
WITH chart(kind, account, sign, lot) AS (VALUES
    ('grant', 'issued:%', -1, NULL), ('grant', 'user:{}', 1, 1), ('grant', 'receivable:{}', 1, 0),
    ('adjust', 'adjust:operator', -1, NULL), ('adjust', 'user:{}', 1, 1), ('adjust', 'receivable:{}', 1, 0),
    ('adjust', 'adjust:operator', 1, NULL), ('adjust', 'user:{}', -1, 1), ('adjust', 'receivable:{}', -1, 0),
    ('hold', 'user:{}', -1, 1), ('hold', 'held:{}', 1, 1),
    ('resolve', 'held:{}', -1, 1), ('resolve', 'revenue', 1, 1), ('resolve', 'user:{}', 1, 1),
    ('resolve', 'restored', 1, 1), ('resolve', 'restored', -1, 1),
    ('expire', 'user:{}', -1, 1), ('expire', 'breakage', 1, 1)
),
born AS (
    SELECT id, account_id,
        CASE kind WHEN 'restored' THEN REPLACE(source_key, 'restored:', 'resolve:') ELSE source_key END AS tx_id
    FROM credit_lot
),
posted AS MATERIALIZED (
    SELECT born.id,
        SUM(CASE WHEN entry.tx_id = born.tx_id AND entry.delta < 0 THEN -entry.delta ELSE 0 END) AS amount,
        SUM(CASE entry.account WHEN 'user:' || born.account_id THEN entry.delta ELSE 0 END) AS available,
        SUM(CASE entry.account WHEN 'held:' || born.account_id THEN entry.delta ELSE 0 END) AS held,
        SUM(CASE entry.account WHEN 'disputed:' || born.account_id THEN entry.delta ELSE 0 END) AS disputed,
        SUM(CASE entry.account WHEN 'revenue' THEN entry.delta ELSE 0 END) AS spent,
        SUM(CASE WHEN entry.delta > 0 AND entry.account IN ('breakage', 'refunded', 'restored', 'adjust:operator')
            THEN entry.delta ELSE 0 END) AS removed
    FROM born LEFT JOIN ledger_entry AS entry ON entry.lot_id = born.id
    GROUP BY born.id
),
piece AS MATERIALIZED (
    SELECT slice.hold_id, slice.seq, slice.lot_id, slice.amount,
        hold.account_id, hold.state, hold.captured,
        lot.account_id AS lot_account, lot.priority, lot.expires_at, lot.created_at,
        SUM(slice.amount) OVER (PARTITION BY slice.hold_id ORDER BY slice.seq) - slice.amount AS earlier
    FROM hold_slice AS slice
    JOIN hold ON hold.id = slice.hold_id
    JOIN credit_lot AS lot ON lot.id = slice.lot_id
),
request AS MATERIALIZED (
    SELECT job.id, job.person_id, job.state, job.count, job.price_each, job.state IN ('queued', 'drawing') AS is_open,
        COUNT(wish.job_id) AS wishes,
        COUNT(CASE wish.state WHEN 'drawn' THEN 1 END) AS drawn,
        COUNT(CASE wish.state WHEN 'pending' THEN 1 END) AS pending
    FROM job LEFT JOIN wish ON wish.job_id = job.id
    GROUP BY job.id
)
"""

ENTRIES = (
    Rule(
        "All entries together come to {found}, not to {wanted}.",
        """
        SELECT '' AS id, total AS found, 0 AS wanted
        FROM (SELECT SUM(delta) AS total FROM ledger_entry) AS entries
        WHERE total <> 0
        """,
    ),
    Rule(
        "Transaction {id} comes to {found}, not to {wanted}.",
        "SELECT tx_id AS id, SUM(delta) AS found, 0 AS wanted FROM ledger_entry GROUP BY tx_id HAVING SUM(delta) <> 0",
    ),
    Rule(
        "Transaction {id} is a {found} without entries.",
        """
        SELECT id, kind AS found, '' AS wanted FROM ledger_tx AS tx
        WHERE NOT EXISTS (SELECT 1 FROM ledger_entry WHERE tx_id = tx.id)
        """,
    ),
    Rule(
        "Entry {id} posts {found}, which no {wanted} does.",
        """
        SELECT entry.id, entry.delta || ' to ' || entry.account AS found, tx.kind AS wanted
        FROM ledger_entry AS entry JOIN ledger_tx AS tx ON tx.id = entry.tx_id
        WHERE NOT EXISTS (
            SELECT 1 FROM chart
            WHERE chart.kind = tx.kind
            AND entry.account LIKE REPLACE(chart.account, '{}', tx.account_id)
            AND entry.delta * chart.sign > 0
            AND (chart.lot IS NULL OR chart.lot = CASE WHEN entry.lot_id IS NULL THEN 0 ELSE 1 END)
        )
        """,
    ),
    Rule(
        "Entry {id} moves a lot of account {found} for account {wanted}.",
        """
        SELECT entry.id, lot.account_id AS found, tx.account_id AS wanted
        FROM ledger_entry AS entry
        JOIN ledger_tx AS tx ON tx.id = entry.tx_id
        JOIN credit_lot AS lot ON lot.id = entry.lot_id
        WHERE lot.account_id <> tx.account_id
        """,
    ),
    Rule(
        "Entry {id}, booked at {wanted}, takes expiry wrongly: its lot ends at {found}.",
        """
        SELECT entry.id, lot.expires_at AS found, tx.booked_at AS wanted
        FROM ledger_entry AS entry
        JOIN ledger_tx AS tx ON tx.id = entry.tx_id
        JOIN credit_lot AS lot ON lot.id = entry.lot_id
        JOIN born ON born.id = lot.id
        WHERE entry.account = 'user:' || tx.account_id AND tx.id <> born.tx_id
        AND (tx.kind = 'expire') <> (lot.expires_at IS NOT NULL AND lot.expires_at <= tx.booked_at)
        """,
    ),
)

LOTS = (
    *(
        Rule(
            f"Lot {{id}} has {{found}} as {part}, and its entries say {{wanted}}.",
            f"""
            SELECT lot.id, lot.{part} AS found, posted.{part} AS wanted
            FROM credit_lot AS lot JOIN posted ON posted.id = lot.id
            WHERE lot.{part} <> posted.{part}
            """,  # noqa: S608
        )
        for part in ("amount", "available", "held", "disputed", "spent", "removed")
    ),
    Rule(
        "Lot {id} has parts of {found} in all, and its amount is {wanted}.",
        """
        SELECT id, available + held + disputed + spent + removed AS found, amount AS wanted FROM credit_lot
        WHERE available + held + disputed + spent + removed <> amount
        """,
    ),
    *(
        Rule(
            f"Lot {{id}} has {{found}} as {part}.",
            f"SELECT id, {part} AS found, '' AS wanted FROM credit_lot WHERE {part} < {least}",  # noqa: S608
        )
        for part, least in {"amount": 1, "available": 0, "held": 0, "disputed": 0, "spent": 0, "removed": 0}.items()
    ),
    Rule(
        "Lot {id} has {found} held, and open holds took {wanted} from it.",
        """
        SELECT lot.id, lot.held AS found, COALESCE(taken.amount, 0) AS wanted
        FROM credit_lot AS lot LEFT JOIN (
            SELECT lot_id, SUM(amount) AS amount FROM piece WHERE state = 'open' GROUP BY lot_id
        ) AS taken ON taken.lot_id = lot.id
        WHERE lot.held <> COALESCE(taken.amount, 0)
        """,
    ),
    Rule(
        "Account {id} has a debt of {found}, and its entries say {wanted}.",
        """
        SELECT account.id, account.debt AS found, -COALESCE(SUM(entry.delta), 0) AS wanted
        FROM ledger_account AS account
        LEFT JOIN ledger_entry AS entry ON entry.account = 'receivable:' || account.id
        GROUP BY account.id HAVING account.debt <> -COALESCE(SUM(entry.delta), 0)
        """,
    ),
    Rule(
        "Account {id} was closed at {found} and is still here.",
        "SELECT id, closed_at AS found, '' AS wanted FROM ledger_account WHERE closed_at IS NOT NULL",
    ),
)

HOLDS = (
    Rule(
        "Hold {id} is {found} with {wanted} captured.",
        """
        SELECT id, state AS found, captured AS wanted FROM hold
        WHERE captured < 0 OR captured > amount OR state NOT IN ('open', 'captured', 'released')
        OR (state = 'captured') <> (captured > 0)
        """,
    ),
    Rule(
        "Hold {id} is of {wanted}, and its slices come to {found}.",
        """
        SELECT hold.id, COALESCE(SUM(slice.amount), 0) AS found, hold.amount AS wanted
        FROM hold LEFT JOIN hold_slice AS slice ON slice.hold_id = hold.id
        GROUP BY hold.id HAVING hold.amount <> COALESCE(SUM(slice.amount), 0)
        """,
    ),
    Rule(
        "Hold {id} took {found} as slice {wanted}, which is nothing, out of line, or not its account's.",
        """
        SELECT hold_id AS id, amount AS found, seq AS wanted FROM piece AS mine
        WHERE amount <= 0 OR lot_account <> account_id OR seq < 0
        OR (seq > 0 AND NOT EXISTS (SELECT 1 FROM piece WHERE hold_id = mine.hold_id AND seq = mine.seq - 1))
        """,
    ),
    Rule(
        "Hold {id} took from lot {found} before lot {wanted}, against the order of use.",
        """
        SELECT one.hold_id AS id, one.lot_id AS found, next.lot_id AS wanted
        FROM piece AS one JOIN piece AS next ON next.hold_id = one.hold_id AND next.seq = one.seq + 1
        WHERE one.priority > next.priority OR (one.priority = next.priority AND (
            one.expires_at > next.expires_at
            OR (one.expires_at IS NULL AND next.expires_at IS NOT NULL)
            OR (COALESCE(one.expires_at, -1) = COALESCE(next.expires_at, -1) AND one.created_at > next.created_at)
        ))
        """,
    ),
    Rule(
        "Hold {id} took {wanted} as a slice, and its entries say {found}.",
        """
        SELECT piece.hold_id AS id, COALESCE(SUM(entry.delta), 0) AS found, piece.amount AS wanted
        FROM piece LEFT JOIN ledger_entry AS entry ON entry.tx_id = 'hold:' || piece.hold_id
            AND entry.lot_id = piece.lot_id AND entry.account = 'held:' || piece.account_id
        GROUP BY piece.hold_id, piece.seq, piece.amount HAVING COALESCE(SUM(entry.delta), 0) <> piece.amount
        """,
    ),
    Rule(
        "Hold {id} spends {wanted} of a slice when what was taken first is spent first, and its entries say {found}.",
        """
        SELECT share.hold_id AS id, COALESCE(SUM(entry.delta), 0) AS found, share.spent AS wanted
        FROM (
            SELECT hold_id, seq, lot_id, CASE
                WHEN captured <= earlier THEN 0 WHEN captured - earlier < amount THEN captured - earlier ELSE amount
            END AS spent FROM piece WHERE state <> 'open'
        ) AS share
        LEFT JOIN ledger_entry AS entry ON entry.tx_id = 'resolve:' || share.hold_id
            AND entry.lot_id = share.lot_id AND entry.account = 'revenue'
        GROUP BY share.hold_id, share.seq, share.spent HAVING COALESCE(SUM(entry.delta), 0) <> share.spent
        """,
    ),
    Rule(
        "Hold {id} is {found}, and its account booked {wanted} of its taking and ending.",
        """
        SELECT hold.id, hold.state AS found, COUNT(tx.id) AS wanted
        FROM hold LEFT JOIN ledger_tx AS tx ON tx.id IN ('hold:' || hold.id, 'resolve:' || hold.id)
            AND tx.account_id = hold.account_id AND tx.id = tx.kind || ':' || hold.id
        GROUP BY hold.id HAVING COUNT(tx.id) <> CASE hold.state WHEN 'open' THEN 1 ELSE 2 END
        """,
    ),
    Rule(
        "Transaction {id} is a {found}, and there is no such hold.",
        """
        SELECT tx.id, tx.kind AS found, '' AS wanted FROM ledger_tx AS tx
        WHERE tx.kind IN ('hold', 'resolve')
        AND NOT EXISTS (
            SELECT 1 FROM hold WHERE hold.id = SUBSTR(tx.id, LENGTH(tx.kind) + 2) AND tx.id = tx.kind || ':' || hold.id
        )
        """,
    ),
)

#: Requests may be gone, erased with their person, while their holds stay in the books; open ones may not.
REQUESTS = (
    Rule(
        "Hold {id} is open without a request.",
        """
        SELECT id, '' AS found, '' AS wanted FROM hold
        WHERE state = 'open' AND NOT EXISTS (SELECT 1 FROM request WHERE request.id = hold.id)
        """,
    ),
    Rule(
        "Request {id} is {found}, and its hold is {wanted}.",
        """
        SELECT request.id, request.state AS found, COALESCE(hold.state, 'missing') AS wanted
        FROM request LEFT JOIN hold ON hold.id = request.id
        WHERE (hold.id IS NULL AND request.price_each > 0) OR request.is_open <> (hold.state = 'open')
        """,
    ),
    Rule(
        "Request {id} costs {wanted}, and {found} is held for it.",
        """
        SELECT request.id, hold.amount AS found, request.price_each * request.count AS wanted
        FROM request JOIN hold ON hold.id = request.id
        WHERE hold.amount <> request.price_each * request.count
        """,
    ),
    Rule(
        "Request {id} was charged {found} for pictures that cost {wanted}.",
        """
        SELECT request.id, hold.captured AS found, request.price_each * request.drawn AS wanted
        FROM request JOIN hold ON hold.id = request.id
        WHERE hold.state <> 'open' AND hold.captured <> request.price_each * request.drawn
        """,
    ),
    Rule(
        "Request {id} is paid by account {found}, and its person has {wanted}.",
        """
        SELECT request.id, hold.account_id AS found, link.account_id AS wanted
        FROM request JOIN hold ON hold.id = request.id
        JOIN person_account AS link ON link.person_id = request.person_id
        WHERE request.is_open AND link.account_id <> hold.account_id
        """,
    ),
    Rule(
        "Request {id} asked for {wanted} pictures, and there are {found} wishes.",
        "SELECT id, wishes AS found, count AS wanted FROM request WHERE wishes <> count",
    ),
    Rule(
        "Request {id} is {found}, and of its pictures {wanted}.",
        """
        SELECT id, state AS found, drawn || ' are drawn, ' || pending || ' pending' AS wanted FROM request
        WHERE CASE state
            WHEN 'done' THEN pending > 0 OR drawn = 0
            WHEN 'failed' THEN pending > 0 OR drawn > 0
            WHEN 'cancelled' THEN pending > 0 OR drawn = count
            ELSE pending = 0
        END
        """,
    ),
    Rule(
        "Wish {id} is drawn, and its delivery is {found}.",
        """
        SELECT wish.job_id || '/' || wish."index" AS id, COALESCE(delivery.state, 'missing') AS found, '' AS wanted
        FROM wish LEFT JOIN delivery ON delivery.job_id = wish.job_id AND delivery."index" = wish."index"
        WHERE wish.state = 'drawn' AND COALESCE(delivery.state, 'waiting') = 'waiting'
        """,
    ),
)

RULES = ENTRIES + LOTS + HOLDS + REQUESTS

_NUMBERED = (
    "SELECT {number} AS rule, CAST(id AS TEXT) AS id, CAST(found AS TEXT) AS found, CAST(wanted AS TEXT) AS wanted"
    " FROM ({broken}) AS broken"
)
_ALL_RULES = text(
    COMMON
    + " UNION ALL ".join(_NUMBERED.format(number=number, broken=rule.broken) for number, rule in enumerate(RULES))
)

"""One open transaction, as narrow Protocols: each noun's verbs state a fact and answer whether it held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from core.credits import Balance, LedgerAccountId, LotId, Milli
from core.datamap import Purpose
from core.disposal import BlobsOf, Disposal
from core.periods import Keeping, Periods
from core.policy.document import PolicyVersion
from core.policy.permissions import Consent, Objection
from core.queue.turns import Waiting
from core.values import (
    DeliveryState,
    Held,
    Job,
    JobId,
    JobState,
    Moment,
    Owed,
    Person,
    PersonId,
    Picture,
    PictureId,
    Preferences,
    Probed,
    Queued,
    Reason,
)
from core.values.figures import Books, UnderWay, Untold
from core.values.holdings import Booked, Export, Piece, Row, Table
from core.values.letters import (
    Addressed,
    Look,
    Notice,
    NoticeState,
    Outcome,
    Server,
    Ticket,
    TicketId,
    TicketKind,
)
from core.values.receipts import Counted, Erasure, Plan, Receipt, Stage
from core.values.statements import AgeStated, Field, Kept, Proof
from core.values.tally import Used

Dispatches = frozenset[tuple[JobId, int]]  #: jobs that are out, each under its fence


class People(Protocol):
    def add(self, person: Person, identity: NewIdentity, now: Moment) -> bool: ...  # False: this identity has one
    def of_identity(self, lookup: str) -> Person | None: ...
    def get(self, person: PersonId) -> Person | None: ...
    def acknowledge(self, person: PersonId, agreed: Agreed, door: str, now: Moment) -> None: ...
    def ages_stated(self, person: PersonId) -> list[AgeStated]: ...  # oldest first
    def restrict(self, person: PersonId, *, restricted: bool) -> bool: ...  # False: it was so before
    def too_young_until(self, lookup: str) -> Moment | None: ...
    def mark_too_young(self, lookup: str, until: Moment) -> None: ...
    def show_policy(self, lookup: str, version: int) -> bool: ...  # False: they were shown it before, or are nobody
    def weigh(self, person: PersonId, weight: int) -> None: ...  # from their next request on
    def others_at(self, door: str, person: PersonId) -> bool: ...
    def which_exist(self, people: Sequence[PersonId]) -> set[PersonId]: ...
    def note_active(
        self, lookup: str, day: Moment
    ) -> bool: ...  # False: they were here that day already, or are nobody
    def idle(self, since: Moment, most: int) -> list[PersonId]: ...  # and not told yet; nobody who restricted or leaves
    def mark_dormant(self, person: PersonId, now: Moment) -> None: ...  # they are told
    def dormant(self, told_by: Moment, most: int) -> list[Person]: ...  # and were not here since


class Jobs(Protocol):
    def add(self, job: Job) -> None: ...
    def get(self, job: JobId) -> Job | None: ...
    def lock(self, job: JobId) -> Job | None: ...  # nobody else moves it until this transaction ends
    def open_of(self, person: PersonId) -> list[Job]: ...
    def in_line(self, job: Job) -> Queued: ...
    def open_in(self, server: str) -> int: ...  # how many of its requests are open
    def queued_since(self, moment: Moment) -> list[Waiting]: ...  # queued then or later, or put back into the queue
    def queued_fences(self) -> set[tuple[JobId, int]]: ...  # every queued job
    def drawing(self) -> list[Job]: ...
    def count_drawing(self) -> int: ...
    def dispatch(self, job: JobId, fence: int, lease_until: Moment) -> bool: ...
    def start(self, job: JobId, fence: int, lease_until: Moment) -> bool: ...
    def renew(self, job: JobId, fence: int, lease_until: Moment) -> bool: ...
    def requeue(self, job: JobId, fence: int, now: Moment) -> bool: ...
    def close(self, job: JobId, state: JobState, reason: Reason | None, now: Moment) -> None: ...
    def forget_words(self, job: JobId) -> None: ...
    def forget_reference(self, job: JobId) -> None: ...
    def with_spent_reference(self) -> list[Job]: ...  # over, and their reference picture is not destroyed yet
    def late(self, now: Moment) -> list[Job]: ...
    def leaderless(self, now: Moment) -> list[Job]: ...
    def of_restricted(self) -> list[Job]: ...  # open, and nothing may be done for whoever asked


class Wishes(Protocol):
    def add(self, job: JobId, count: int) -> None: ...
    def pending(self, job: JobId) -> list[int]: ...
    def drawn(self, job: JobId, index: int) -> bool: ...
    def refuse(self, job: JobId, index: int, reason: Reason) -> bool: ...
    def fail_pending(self, job: JobId) -> int: ...
    def count_drawn(self, job: JobId) -> int: ...


class Pictures(Protocol):
    def add(self, picture: Picture) -> None: ...
    def get(self, picture: PictureId, keeping: Keeping) -> Picture | None: ...
    def of(self, person: PersonId, keeping: Keeping, limit: int, offset: int) -> list[Picture]: ...
    def count(self, person: PersonId, keeping: Keeping) -> int: ...
    def hide(self, picture: PictureId) -> bool: ...
    def hidden(self, after: PictureId, most: int) -> list[Picture]: ...  # in the order of their ids
    def hide_aged(self, keeping: Keeping, most: int) -> int: ...  # past what the operator or their server keeps
    def hide_unwanted(self, keeping: Keeping, most: int, after: str) -> tuple[int, str | None]:
        """Past what their people want, of a few people behind `after`: how many, and where to go on; None: that was all."""
        ...

    def hide_overkept_of(self, person: PersonId, keeping: Keeping) -> int: ...  # before they have them kept for longer
    def hide_overkept_in(self, server: str, keeping: Keeping) -> int: ...  # likewise, of everybody there
    def newest_job(self, person: PersonId, keeping: Keeping) -> JobId | None: ...
    def only_past(self, job: JobId, keeping: Keeping) -> bool: ...  # it has pictures, and none that may be seen
    def remove(self, picture: PictureId) -> bool: ...
    def any_of(self, job: JobId) -> bool: ...
    def show(self, picture: PictureId, now: Moment) -> bool: ...  # as an example; False: it is shown already
    def conceal(self, picture: PictureId) -> bool: ...
    def conceal_all(self, person: PersonId) -> int: ...
    def is_example(self, picture: PictureId) -> bool: ...
    def examples(self, keeping: Keeping, limit: int) -> list[Picture]: ...  # the newest shown first
    def examples_of(self, person: PersonId, keeping: Keeping) -> list[Picture]: ...


class Deliveries(Protocol):
    def add(self, job: JobId, count: int) -> None: ...
    def owe(self, job: JobId, index: int) -> None: ...
    def owe_waiting(self, job: JobId) -> None: ...
    def drop_waiting(self, job: JobId) -> None: ...
    def owed(self, door: str, person: PersonId | None) -> list[Owed]: ...
    def told(self, job: JobId, index: int, state: DeliveryState) -> bool: ...
    def outstanding(self, door: str, person: PersonId) -> int: ...
    def held(self) -> list[Held]: ...
    def release(self, job: JobId | None) -> int: ...  # of one request, or all there are


class Posts(Protocol):
    """Where messages about pictures stand on the platforms, each under its person's key."""

    def put(self, job: JobId, index: int, sealed: bytes, now: Moment) -> None: ...
    def get(self, job: JobId, index: int) -> bytes | None: ...


class Inbox(Protocol):
    """Updates that were acted on, and nothing about them."""

    def note(self, update: str, until: Moment) -> bool: ...  # False: it was acted on before


class Buttons(Protocol):
    """What the buttons under a message do; a platform carries only the handle."""

    def add(self, handle: str, person: PersonId, sealed: bytes, until: Moment) -> None: ...
    def get(self, handle: str) -> tuple[PersonId, bytes, Moment] | None: ...


class Choices(Protocol):
    def get(self, person: PersonId) -> Preferences: ...
    def put(self, person: PersonId, preferences: Preferences) -> None: ...


class Leaders(Protocol):
    """Which process does what only one should do. By the database's clock, so that no other clock matters."""

    def lead(self, role: str, holder: str, milliseconds: int) -> bool: ...  # True: it is `holder`'s for so long
    def resign(self, role: str, holder: str) -> None: ...


class Tickets(Protocol):
    """What people asked of whoever runs the bot, by right or not."""

    def add(self, ticket: Ticket) -> None: ...
    def get(self, ticket: TicketId) -> Ticket | None: ...
    def of(self, person: PersonId) -> list[Ticket]: ...  # newest first
    def unanswered(self, due_by: Moment | None = None) -> list[Ticket]: ...  # of everybody, the most urgent first
    def count_unanswered(self, person: PersonId, kinds: Sequence[TicketKind]) -> int: ...
    def count_overdue(self, now: Moment) -> int: ...  # of everybody
    def close(self, ticket: TicketId, outcome: Outcome, sealed_answer: bytes | None, now: Moment) -> bool: ...
    def postpone(self, ticket: TicketId, due_at: Moment, sealed_reason: bytes) -> bool: ...


class Notices(Protocol):
    """What people are to be told without asking, each once, until it is forgotten."""

    def add(self, notice: Notice) -> bool: ...  # False: the same was said to them already
    def of(self, person: PersonId, now: Moment) -> list[Notice]: ...  # oldest first
    def owed_at(self, door: str, now: Moment) -> list[Addressed]: ...  # oldest first
    def move(self, notice: Notice, before: Sequence[NoticeState], after: NoticeState) -> bool: ...
    def leave_uncertain(self, door: str) -> int: ...  # what is being sent there


class Looks(Protocol):
    """Who runs the bot looked at what belongs to a person: each one is theirs to see."""

    def add(self, person: PersonId, command: str, now: Moment) -> None: ...
    def of(self, person: PersonId) -> list[Look]: ...  # newest first


class Servers(Protocol):
    """Guilds and groups with settings of their own, each under its keyed hash."""

    def add(self, server: Server) -> bool: ...  # False: it is known
    def get(self, server: str) -> Server | None: ...
    def all(self) -> list[Server]: ...  # oldest first
    def keep(self, server: str, keep_days: int) -> bool: ...


class Consents(Protocol):
    """What people allowed, and took back: a log in which nothing is changed."""

    def add(self, person: PersonId, consent: Consent) -> None: ...
    def newest(self, person: PersonId, purpose: Purpose) -> Consent | None: ...
    def of(self, person: PersonId) -> list[Consent]: ...  # oldest first


class Objections(Protocol):
    def add(self, person: PersonId, purpose: Purpose, now: Moment) -> bool: ...
    def remove(self, person: PersonId, purpose: Purpose) -> bool: ...
    def of(self, person: PersonId) -> list[Objection]: ...


class Profiles(Protocol):
    def put(self, person: PersonId, kept: Kept) -> None: ...
    def get(self, person: PersonId, field: Field) -> Kept | None: ...
    def of(self, person: PersonId) -> list[Kept]: ...
    def remove(self, person: PersonId, field: Field) -> bool: ...


class Addresses(Protocol):
    """Addresses that wait for their code, one of a person."""

    def put(self, person: PersonId, proof: Proof) -> None: ...
    def lock(self, person: PersonId) -> Proof | None: ...  # nobody else tries a code until this transaction ends
    def count_try(self, person: PersonId) -> None: ...
    def remove(self, person: PersonId) -> bool: ...


class UsageFigures(Protocol):
    """How often what was used on days that are over."""

    def add(self, used: Used) -> None: ...
    def all(self) -> list[Used]: ...


class Exports(Protocol):
    """Copies of what is held about a person, from the asking until they are forgotten."""

    def add(self, export: Export) -> None: ...
    def get(self, ticket: TicketId) -> Export | None: ...
    def newest(self, person: PersonId) -> Export | None: ...
    def of_handle(self, handle: str) -> Export | None: ...
    def unmade(self, now: Moment) -> list[Export]: ...  # that nobody is making, oldest first
    def untold(self, door: str, now: Moment) -> list[Export]: ...  # made or not, that their door owes somebody
    def claim(self, ticket: TicketId, attempt: str, until: Moment, now: Moment) -> bool: ...
    def note(self, ticket: TicketId, attempt: str, done: int, total: int, claimed_until: Moment) -> bool: ...
    def add_pieces(self, export: Export, pieces: Sequence[Piece]) -> None: ...
    def made(self, ticket: TicketId, attempt: str, count: int, until: Moment) -> bool: ...
    def told(self, ticket: TicketId) -> None: ...
    def pieces(self, ticket: TicketId, part: int | None = None) -> list[Piece]: ...  # in their order
    def sizes(self, ticket: TicketId) -> list[int]: ...  # bytes of each file
    def forget_pieces(self, ticket: TicketId) -> None: ...
    def fetch(self, handle: str, now: Moment) -> bool: ...  # False: it was fetched by this link before
    def try_code(self, handle: str, most: int) -> bool: ...  # False: so many were tried already
    def renew(self, ticket: TicketId, handle: str) -> None: ...  # another link; the one before leads nowhere


class Holdings(Protocol):
    """What is held about one person, whatever table it is in. Reads only."""

    def rows(
        self, table: Table, person: PersonId, keeping: Keeping, after: Sequence[Any] | None, most: int
    ) -> list[Row]: ...
    def count(self, table: Table, person: PersonId, keeping: Keeping) -> int: ...
    def drawn(self, person: PersonId) -> int: ...  # pictures that their credits were spent on
    def statement(self, person: PersonId, after: int, most: int) -> list[Booked]: ...  # lines behind the number `after`


class Arrivals(Protocol):
    """Rows of somebody who comes with an export of another bot."""

    def add(self, table: str, rows: Iterable[Mapping[str, Any]]) -> None: ...  # what a row leaves out is empty
    def taken(self, table: str, column: str, values: Iterable[str]) -> set[str]: ...


class Ledger(Protocol):
    """The one writer of balances. Every verb that books takes a key; the same key twice books once."""

    def open_account(self, account: LedgerAccountId, person: PersonId, now: Moment) -> None: ...
    def lock(self, account: LedgerAccountId) -> None: ...
    def balance(self, account: LedgerAccountId, now: Moment) -> Balance: ...
    def grant(self, grant: Grant, now: Moment) -> None: ...
    def adjust(
        self, key: str, account: LedgerAccountId, lot: LotId, amount: Milli, reason: str, now: Moment
    ) -> None: ...
    def hold(self, job: JobId, account: LedgerAccountId, amount: Milli, now: Moment, expires_at: Moment) -> Balance: ...
    def resolve(self, job: JobId, captured: Milli, now: Moment) -> None: ...
    def expired_holds(self, now: Moment) -> list[JobId]: ...
    def book_expiries(self, now: Moment) -> int: ...
    def mistakes(self) -> list[str]: ...
    def close_books(self, before: Moment, now: Moment, after: str, most: int) -> tuple[int, str | None]:
        """Accounts that are nobody's and were last booked in before then go, with all that was booked on them.

        It looks at a few accounts behind `after`: how many went, and where to go on; None when that was all.
        """
        ...


class Expiry(Protocol):
    """What has been kept for as long as the data map says. Nobody's who is restricted, and only a piece at a time."""

    @property
    def tables(self) -> Sequence[str]: ...  # whose rows go by themselves, with what goes with them
    @property
    def with_blobs(self) -> Sequence[str]: ...  # likewise, once the blob that each names is destroyed
    def forget(self, table: str, keeping: Keeping, most: int) -> int: ...  # cells that are only emptied count as well
    def blobs(self, table: str, keeping: Keeping, most: int) -> list[str]: ...
    def forget_blob(self, table: str, blob: str) -> None: ...
    def named_blobs(self, blobs: Sequence[str]) -> set[str]: ...  # those that any row names
    def spared(self, keeping: Keeping) -> int: ...  # rows that stay because their person is restricted
    def overdue_since(self, keeping: Keeping) -> Moment | None: ...  # of what is still here; reads much, not often
    def in_force(self) -> Periods: ...  # the operator's periods that were noted last
    def put_in_force(self, periods: Periods) -> None: ...


class Figures(Protocol):
    """Sums over everybody, for whoever runs the bot. Reads only."""

    def waiting(self) -> list[Moment]: ...  # when each queued request was asked for, oldest first
    def under_way(self) -> list[UnderWay]: ...
    def untold(self) -> Untold: ...
    def drawn_by_minute(self, since: Moment) -> dict[int, int]: ...  # pictures, by the minute since 1970
    def failed(self, since: Moment) -> dict[str, int]: ...  # requests, by the reason, "" where each picture has its own
    def leaders(self, now: Moment) -> dict[str, int]: ...  # milliseconds that each role is led for
    def books(self) -> Books: ...  # reads every entry: not often


class Policies(Protocol):
    """Every text of the policy that was ever in force here."""

    def newest(self) -> PolicyVersion | None: ...
    def add(self, version: PolicyVersion) -> bool: ...  # False: another process gave that number to its own
    def required(self) -> int: ...  # the newest that everybody must have agreed to, 0 where there is none
    def latest(self, limit: int) -> list[PolicyVersion]: ...  # the newest first
    def newest_agreed_to(self) -> int: ...  # by anybody, 0 by nobody


class Probes(Protocol):
    """How each probe of this deployment went last."""

    def put(self, probed: Sequence[Probed]) -> None: ...  # one round; what it leaves out is forgotten
    def all(self) -> list[Probed]: ...


class Erasures(Protocol):
    """Erasures from their confirmation to their receipt."""

    def add(self, erasure: Erasure) -> None: ...  # from here on its person is leaving
    def get(self, code: str) -> Erasure | None: ...
    def of(self, person: PersonId) -> Erasure | None: ...  # the one that is open
    def open(self, due_by: Moment | None = None) -> list[Erasure]: ...
    def lock(self, code: str) -> Erasure | None: ...  # nobody else moves it until this transaction ends
    def move(
        self, code: str, at: Stage, to: Stage, plan: Plan, begins_at: Moment
    ) -> bool: ...  # False: somebody was first
    def note(self, code: str, plan: Plan, begins_at: Moment) -> None: ...
    def withdraw(self, code: str) -> bool: ...  # False: it has begun; else its person is not leaving any more
    def close(self, code: str, receipt: Receipt, plan: Plan) -> bool: ...


class Removal(Protocol):
    """What an erasure does with everything else: in the order of the foreign keys, by the paths of the data map."""

    def lock(
        self, person: PersonId
    ) -> bool: ...  # nobody adds a row of theirs until this transaction ends; False: nobody
    def found(self, disposals: Sequence[Disposal], person: PersonId) -> tuple[Counted, ...]: ...
    def traces(self, kinds: Sequence[BlobsOf], person: PersonId) -> Plan: ...  # jobs, lookups and blobs alone
    def silence(self, person: PersonId) -> int: ...  # nothing more is shown or told; how many outcomes were to be
    def copies(self, door: str) -> list[Copy]: ...  # messages about their pictures that are to be taken back
    def addresses(self, door: str) -> list[Addressee]: ...  # of people who are being erased, while they are known
    def copies_left(self, person: PersonId) -> dict[str, int]: ...  # by door
    def took_back(self, copy: Copy) -> bool: ...
    def remove(self, disposals: Sequence[Disposal], person: PersonId) -> tuple[Counted, ...]: ...
    def people(self, after: PersonId, limit: int) -> list[PersonId]: ...  # everybody, in the order of their ids


class Suppressions(Protocol):
    """What outlives an account on purpose, as keyed hashes: `welcome` credits were given, or it was `banned`."""

    def add(self, lookup: str, kind: str, until: Moment) -> None: ...
    def holds(self, lookup: str, kind: str, now: Moment) -> bool: ...
    def forget(self, now: Moment) -> int: ...


class Survivors(Protocol):
    """Reads on its own what an erasure may have left. Knows nothing of how things were removed."""

    def of(
        self, person: PersonId, plan: Plan, kept: frozenset[str]
    ) -> tuple[Counted, ...]: ...  # `kept`: cells that stay


class Records(Protocol):
    """One open database transaction."""

    @property
    def people(self) -> People: ...
    @property
    def jobs(self) -> Jobs: ...
    @property
    def wishes(self) -> Wishes: ...
    @property
    def pictures(self) -> Pictures: ...
    @property
    def deliveries(self) -> Deliveries: ...
    @property
    def posts(self) -> Posts: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def buttons(self) -> Buttons: ...
    @property
    def choices(self) -> Choices: ...
    @property
    def tickets(self) -> Tickets: ...
    @property
    def notices(self) -> Notices: ...
    @property
    def looks(self) -> Looks: ...
    @property
    def servers(self) -> Servers: ...
    @property
    def consents(self) -> Consents: ...
    @property
    def objections(self) -> Objections: ...
    @property
    def profiles(self) -> Profiles: ...
    @property
    def addresses(self) -> Addresses: ...
    @property
    def usage(self) -> UsageFigures: ...
    @property
    def exports(self) -> Exports: ...
    @property
    def holdings(self) -> Holdings: ...
    @property
    def arrivals(self) -> Arrivals: ...
    @property
    def leaders(self) -> Leaders: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def expiry(self) -> Expiry: ...
    @property
    def figures(self) -> Figures: ...
    @property
    def erasures(self) -> Erasures: ...
    @property
    def removal(self) -> Removal: ...
    @property
    def suppressions(self) -> Suppressions: ...
    @property
    def survivors(self) -> Survivors: ...
    @property
    def policies(self) -> Policies: ...
    @property
    def probes(self) -> Probes: ...


@dataclass(frozen=True)
class Agreed:
    """What somebody read and confirmed: which text, by its number and its hash, and how old they said to be at least."""

    version: int
    minimum_age: int
    text_hash: str


@dataclass(frozen=True)
class NewIdentity:
    """How a person signs in: `lookup` is a keyed HMAC of the platform's id, `sealed_id` the id under the person's key."""

    door: str
    lookup: str
    sealed_id: bytes = field(repr=False)


@dataclass(frozen=True)
class Addressee:
    """Somebody who is being erased, as a platform knows them."""

    code: str  #: of the erasure
    person: PersonId
    lookup: str
    sealed_id: bytes = field(repr=False)


@dataclass(frozen=True)
class Copy:
    """A message about a picture of somebody who is being erased, at a platform."""

    code: str  #: of the erasure
    person: PersonId
    door: str
    job: JobId
    index: int


@dataclass(frozen=True)
class Grant:
    """Credits that come in: `key` names the fact that brings them, `lot` is the id they get."""

    key: str
    account: LedgerAccountId
    lot: LotId
    kind: str
    amount: Milli
    expires_at: Moment | None
    reason: str

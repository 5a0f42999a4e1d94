"""A long form asked step by step: one subject a page, back keeps everything, a summary to check and change.

One form class checks all of it, whoever shows it; a step shows some of its fields. What was typed is kept as typed, in
the session, under the id that stands in the address: so tabs do not mix, a reload repeats nothing, and who comes back
after the battery died goes on where it stopped. Why not a library: docs/adr/0010-forms-in-steps.md.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar, Protocol, cast
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.forms import BoundField, Form
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views import View

from programme.errors import Refused
from programme.wording import say_list

CHECK = "check"
# What steps.js sends with a page that nobody has sent yet.
KEEP = "keep"
# Which answers the summary showed: what another tab changed since is not sent before somebody has seen it.
SHOWN = "shown"
# When a page was kept or sent, in milliseconds by the clock of its reader's device. Without scripts there is none.
TYPED_AT = "typed_at"
# A draft that nobody touched for so long is forgotten, and so is a session that nobody signed in to.
KEPT_FOR = dt.timedelta(days=14)
DRAFTS_AT_MOST = 5
# Characters that one page may send: far more than its fields take, too few to fill the database with.
TYPED_AT_MOST = 20_000


class Says(Protocol):
    """A field that knows how its value is said in the summary. Others are said by their choices' labels."""

    def say(self, value: Any) -> str: ...


@dataclass(frozen=True, slots=True)
class Step:
    """A page of the form. ``asked`` tells from the answers so far whether this person sees it.

    ``required``: fields that only some people must fill in, among them all who see this page. ``instead``: a second
    button (name, value, label) that answers the page by itself.
    """

    slug: str
    question: str | Promise
    fields: tuple[str, ...]
    lead: str | Promise = ""
    body: str = "components/step_fields.html"
    required: tuple[str, ...] = ()
    instead: tuple[str, str, str | Promise] | None = None
    asked: Callable[[Form], bool] = lambda _form: True

    def owns(self, key: str) -> bool:
        """Whether a sent value belongs to one of the step's fields; a field in parts sends field_part or field-part."""
        return any(_belongs(key, field) for field in self.fields)


def _belongs(key: str, field: str) -> bool:
    return key == field or key.startswith((f"{field}_", f"{field}-"))


class Draft:
    """What one person has typed into one form so far.

    ``answers``: what each page sent, by the step's slug. ``typed``: what stands on pages and was not sent yet, the page
    typed on last at the end; ``typed_at`` when. ``passed``: the steps that were sent on with "next".
    ``asked``: the steps that this person sees, ``first_open``: the first of them that is still to be answered, or
    CHECK; both as of the last time that all answers were checked together, empty before the first.
    ``form_id`` makes sending twice once. It is not the id in the address, which people pass on with the link.
    """

    def __init__(self, session: SessionBase, kind: str, pk: UUID) -> None:
        known = dict(fresh_drafts(session)).get(str(pk), {})
        state = known if known.get("kind") == kind else {}
        self.session, self.kind, self.pk = session, kind, pk
        self.answers: dict[str, dict[str, list[str]]] = state.get("answers", {})
        self.typed: dict[str, dict[str, list[str]]] = state.get("typed", {})
        self.typed_at: dict[str, int] = state.get("typed_at", {})
        self.passed: list[str] = state.get("passed", [])
        self.asked: list[str] = state.get("asked", [])
        self.first_open: str = state.get("first_open", "")
        self.form_id: str = state.get("form_id") or str(uuid4())
        self.sent_to: str = state.get("sent_to", "")
        self._is_kept = bool(state)

    def keep(self, step: Step, sent: QueryDict, *, passed: bool) -> None:
        """Keep what the step's page sent, as typed; what it left unticked is no longer there.

        Raises RequestDataTooBig (400) when it is more than anybody types.
        """
        self.answers[step.slug] = _part_of(step, sent)
        self.typed.pop(step.slug, None)
        self.typed_at[step.slug] = max(_typed_at(sent), self.typed_at.get(step.slug, 0))
        if passed and step.slug not in self.passed:
            self.passed.append(step.slug)
        self._store()

    def keep_typed(self, step: Step, sent: QueryDict) -> None:
        """Keep what stands on the step's page before it is sent; no answer. What arrives late, after something newer,
        changes nothing. Raises as ``keep``."""
        typed, at = _part_of(step, sent), _typed_at(sent)
        if at < self.typed_at.get(step.slug, 0):
            return
        self.typed.pop(step.slug, None)
        self.typed[step.slug], self.typed_at[step.slug] = typed, at
        self._store()

    def begin_anew(self, answers: dict[str, dict[str, list[str]]], passed: list[str]) -> None:
        """Go on from other answers. What was sent on pages that say something else now stands on them as typed, and is
        not sent."""
        for slug in self.typed_at:
            if slug in self.answers and self.answers[slug] != answers.get(slug):
                self.typed.setdefault(slug, self.answers[slug])
        self.answers, self.passed, self.asked, self.first_open = answers, passed, [], ""
        self._store()

    def note(self, asked: list[str], first_open: str) -> None:
        """Where the person stands. Kept with the answers, if these are."""
        changed = (self.asked, self.first_open) != (asked, first_open)
        self.asked, self.first_open = asked, first_open
        if changed and self._is_kept:
            self._store()

    def finish(self, url: str) -> None:
        """The form was taken: forget the answers, and lead whoever comes back to the page after it."""
        self.answers, self.typed, self.typed_at = {}, {}, {}
        self.passed, self.asked, self.first_open, self.sent_to = [], [], "", url
        self._store()

    def data(self, *shown: Step) -> QueryDict:
        """All answers as one form would send them; of the pages that are ``shown`` what stands on them."""
        slugs = {step.slug for step in shown}
        typed = {slug: it for slug, it in self.typed.items() if slug in slugs}
        data = QueryDict(mutable=True)
        for page in (self.answers | typed).values():
            for key, values in page.items():
                data.setlist(key, values)
        return data

    def fingerprint(self) -> str:
        """Tells these answers from others."""
        return hashlib.sha256(json.dumps(self.answers, sort_keys=True).encode()).hexdigest()

    def _store(self) -> None:
        state = {
            "kind": self.kind,
            "touched": timezone.now().isoformat(),
            "answers": self.answers,
            "typed": self.typed,
            "typed_at": self.typed_at,
            "passed": self.passed,
            "asked": self.asked,
            "first_open": self.first_open,
            "form_id": self.form_id,
            "sent_to": self.sent_to,
        }
        self._is_kept = True
        others = [(pk, draft) for pk, draft in fresh_drafts(self.session) if pk != str(self.pk)]
        self.session["drafts"] = dict([*others, (str(self.pk), state)][-DRAFTS_AT_MOST:])


def fresh_drafts(session: SessionBase) -> list[tuple[str, dict[str, Any]]]:
    """Ids and states of the drafts that are not too old, the one touched last at the end."""
    oldest = (timezone.now() - KEPT_FOR).isoformat()
    drafts: dict[str, dict[str, Any]] = session.get("drafts", {})
    return sorted(
        ((pk, draft) for pk, draft in drafts.items() if draft["touched"] > oldest), key=lambda it: it[1]["touched"]
    )


def begun(session: SessionBase) -> list[tuple[str, dict[str, Any]]]:
    """As ``fresh_drafts``, of those in which something is typed that was not sent."""
    return [(pk, draft) for pk, draft in fresh_drafts(session) if draft["answers"] or draft.get("typed")]


def unfinished(session: SessionBase, kind: str) -> tuple[UUID, str] | None:
    """Of the draft of a kind that was touched last and not sent: its id, and the page that was typed on last, or CHECK,
    which leads to the one that is to be answered next."""
    mine = [(pk, draft) for pk, draft in begun(session) if draft["kind"] == kind]
    if not mine:
        return None
    pk, draft = mine[-1]
    return UUID(pk), next(reversed(draft.get("typed", {})), CHECK)


def forget(session: SessionBase, kind: str) -> None:
    """Delete the drafts of a kind: the next person at this device is to see nothing of them."""
    drafts: dict[str, dict[str, Any]] = session.get("drafts", {})
    session["drafts"] = {pk: draft for pk, draft in drafts.items() if draft["kind"] != kind}


def _part_of(step: Step, sent: QueryDict) -> dict[str, list[str]]:
    typed = {key: values for key, values in sent.lists() if step.owns(key)}
    if sum(len(key) + sum(map(len, values)) for key, values in typed.items()) > TYPED_AT_MOST:
        raise RequestDataTooBig
    return typed


def _typed_at(sent: QueryDict) -> int:
    """0 when it is not said; the number of a clock has 13 digits."""
    said = sent.get(TYPED_AT, "")
    return int(said) if said.isdecimal() and len(said) < 16 else 0


@contextmanager
def _alone(session: SessionBase) -> Iterator[SessionBase]:
    """The stored session as it is now, which nobody else changes until it is stored again; ``session`` itself when
    none is stored yet.

    What a page keeps while it is being sent must put nothing back as it was before.
    """
    with transaction.atomic():
        if not Session.objects.select_for_update().filter(session_key=session.session_key).exists():
            yield session
            return
        now = type(session)(session.session_key)
        yield now
        if now.modified:
            now.save()


class StepsView(View):
    """The pages of a form in steps. A subclass says which steps, how the form is made, and what sending it means.

    Its URL has the parts ``draft`` (UUID) and ``step`` (a step's slug, or ``check`` for the summary).
    """

    kind: ClassVar[str]
    url_name: ClassVar[str]
    steps: ClassVar[tuple[Step, ...]]
    heading: ClassVar[str | Promise]
    send_label: ClassVar[str | Promise]
    template_name: ClassVar[str] = "step.html"
    check_template_name: ClassVar[str] = "step_check.html"

    def make_form(self, data: QueryDict) -> Form:
        """The whole form with all answers so far; it is checked only when somebody asks for its errors."""
        raise NotImplementedError

    def send(self, form: Form) -> str:
        """Take the form, valid in all that was asked; the address of the page after it. Raises Refused.

        Twice for one draft is once.
        """
        raise NotImplementedError

    def concerned(self, refusal: Refused) -> str:
        """The field beside whose answer the summary says the refusal, too; "" for none."""
        return ""

    # --- Pages ---------------------------------------------------------------------------------------
    def open_draft(self, pk: UUID) -> Draft:
        """What was typed so far. A subclass may begin with what is known already."""
        return Draft(self.kept_in, self.kind, pk)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.kept_in: SessionBase = request.session
        if KEEP in request.POST:
            with _alone(request.session) as self.kept_in:
                return self._keep(kwargs["draft"], self._find(kwargs["step"]))
        self.draft = self.open_draft(kwargs["draft"])
        if self.draft.sent_to:
            return redirect(self.draft.sent_to)
        response = super().dispatch(request, *args, **kwargs)
        # By no shared cache; by the browser, so that its own "back" loses nothing.
        patch_cache_control(response, private=True, no_cache=True)
        return response

    def get(self, request: HttpRequest, draft: UUID, step: str) -> HttpResponse:
        if step == CHECK:
            checked = self._check()
            return self._show_summary(checked) if self.draft.first_open == CHECK else self._to(self.draft.first_open)
        here = self._find(step)
        # What the pages before it say was checked when it was sent, and all is checked before anything is sent on. So
        # a page is as quick as its own fields, unless it is the one that may have to say what is wrong.
        is_wrong = not self.draft.asked or (self.draft.first_open == step and step in self.draft.passed)
        form = self._check() if is_wrong else None
        asked, first_open = self.draft.asked, self.draft.first_open
        if first_open in asked and step in asked and asked.index(first_open) < asked.index(step):
            messages.info(request, _("先に、このページにお答えください。"))
            return self._to(first_open)
        if step not in asked:
            return self._to(first_open)
        if form is None or step in self.draft.typed:
            form = self.make_form(self.draft.data(here))
        return self._show(form, here)

    def _keep(self, pk: UUID, here: Step) -> HttpResponse:
        """Keep what is typed while it is typed. What was answered before is changed by sending it alone."""
        draft = self.open_draft(pk)
        if not draft.sent_to:
            draft.keep_typed(here, self.request.POST)
            self._keep_session()
        return HttpResponse(status=HTTPStatus.NO_CONTENT)

    def _keep_session(self) -> None:
        self.kept_in.set_expiry(None if self.request.user.is_authenticated else KEPT_FOR)

    def post(self, request: HttpRequest, draft: UUID, step: str) -> HttpResponse:
        if step == CHECK:
            return self._send()
        here = self._find(step)
        back = "back" in request.POST
        self.draft.keep(here, request.POST, passed=not back)
        self._keep_session()
        form = self._check()
        if back and step in self.draft.asked:
            return self._to(self.draft.asked[max(self.draft.asked.index(step) - 1, 0)])
        return self._to(step if _is_wrong(form, here) else self.draft.first_open)

    def _send(self) -> HttpResponse:
        form = self._check()
        if self.draft.first_open != CHECK:
            return self._to(self.draft.first_open)
        if self.request.POST.get(SHOWN) not in (None, self.draft.fingerprint()):
            messages.warning(self.request, _("ほかの画面で内容が変わりました。もう一度、内容を確かめてください。"))
            return self._to(CHECK)
        if form.non_field_errors():
            return self._show_summary(form)
        try:
            url = self.send(form)
        except Refused as refusal:
            return self._show_summary(form, refusal)
        self.draft.finish(url)
        return redirect(url)

    def _show(self, form: Form, here: Step) -> HttpResponse:
        if here.slug not in self.draft.passed or self.draft.first_open != here.slug:
            known = here.slug in self.draft.answers or here.slug in self.draft.typed
            _uncheck(form, here.fields if known else ())
        asked = self.draft.asked
        number, count = asked.index(here.slug) + 1, len(asked) + 1
        for name in here.required:
            form.fields[name].required = True
        context = {
            "form": _only(form, here.fields),
            "heading": self.heading,
            "step": here,
            "number": number,
            "count": count,
            "place": f"{number} / {count}",
            "is_first": number == 1,
            "carried": self.carried(),
        }
        return render(self.request, self.template_name, context)

    def carried(self) -> dict[str, str]:
        """What each page sends along unseen."""
        return {}

    def _show_summary(self, form: Form, refusal: Refused | None = None, **more: Any) -> HttpResponse:
        steps = [self._find(slug) for slug in self.draft.asked]
        refused = {self.concerned(refusal): str(refusal)} if refusal else {}
        sections = [{"question": step.question, "rows": self._rows(form, step, refused)} for step in steps]
        if refusal:
            form.add_error(None, str(refusal))
        context = {
            "form": form,
            "heading": self.heading,
            "sections": sections,
            "count": len(steps) + 1,
            "place": f"{len(steps) + 1} / {len(steps) + 1}",
            "send_label": self.send_label,
            "back_url": self._url(steps[-1].slug),
            "unsent": self._unsent(form, steps),
            "shown": self.draft.fingerprint(),
        }
        return render(self.request, self.check_template_name, context | more)

    def _rows(self, form: Form, step: Step, refused: Mapping[str, str]) -> list[dict[str, Any]]:
        """What somebody answered on a page; what may be left empty and was is not listed."""
        said = [(form[name].label, _said(form, form[name]), refused.get(name, "")) for name in step.fields]
        answered = [one for one in said if one[1]] or [(_("お答え"), _("なし"), "")]
        change_url = self._url(step.slug)
        return [
            {"label": label, "value": value, "error": error, "change_url": change_url}
            for label, value, error in answered
        ]

    def _unsent(self, form: Form, steps: list[Step]) -> list[dict[str, Any]]:
        """What stands typed on pages and is none of the answers: ``form`` has these. As ``_rows``."""
        waiting = [step for step in steps if step.slug in self.draft.typed]
        if not waiting:
            return []
        data = self.draft.data(*waiting)
        typed = self.make_form(data)
        typed.full_clean()
        rows = []
        for step in waiting:
            for name in step.fields:
                answer, other = _said(form, form[name]), _in_words(typed, data, name)
                if answer != other:
                    label = (typed if other else form)[name].label
                    rows.append({"label": label, "value": other, "change_url": self._url(step.slug)})
        return rows

    def say(self, request: HttpRequest, pk: UUID) -> list[tuple[str, str]]:
        """All that is typed into a draft: each field's label, and the answer in words, or as typed while it is none."""
        self.setup(request)
        self.kept_in = request.session
        self.draft = self.open_draft(pk)
        data = self.draft.data(*self.steps)
        form = self.make_form(data)
        form.full_clean()
        names = (field for step in self.steps for field in step.fields)
        return [(str(form[name].label), said) for name in names if (said := _in_words(form, data, name))]

    # --- Steps ---------------------------------------------------------------------------------------
    def _find(self, slug: str) -> Step:
        found = next((step for step in self.steps if step.slug == slug), None)
        if found is None:
            raise Http404
        return found

    def _check(self) -> Form:
        """The form with all answers checked together. The draft notes which pages are asked, and the first one open:
        that was not sent on yet, or that other answers have made wrong."""
        form = self.make_form(self.draft.data())
        form.full_clean()
        steps = [step for step in self.steps if step.asked(form)]
        still_open = (it.slug for it in steps if it.slug not in self.draft.passed or _is_wrong(form, it))
        self.draft.note([step.slug for step in steps], next(still_open, CHECK))
        return form

    def _url(self, slug: str) -> str:
        return reverse(self.url_name, args=[self.draft.pk, slug])

    def _to(self, slug: str) -> HttpResponse:
        return redirect(self._url(slug))


_VIEWS: dict[str, Callable[[str], type[StepsView] | None]] = {}


def register(kind: str, view: Callable[[str], type[StepsView] | None]) -> None:
    """The pages of the drafts of a kind: ``view`` gets what follows ``kind:``, None when these pages are no more."""
    _VIEWS[kind] = view


def drafts_in_words(request: HttpRequest) -> list[tuple[str, dt.datetime, list[tuple[str, str]]]]:
    """What is typed on this device and was not sent: the form's heading, when it was touched last, and what it says."""
    found = []
    for pk, draft in begun(request.session):
        kind, _colon, key = draft["kind"].partition(":")
        view = _VIEWS[kind](key)
        if view:
            touched = dt.datetime.fromisoformat(draft["touched"])
            found.append((str(view.heading), touched, view().say(request, UUID(pk))))
    return found


def _is_wrong(form: Form, step: Step) -> bool:
    return any(field in form.errors for field in step.fields)


def _uncheck(form: Form, typed: tuple[str, ...]) -> None:
    """Let the form show what was typed into the fields ``typed`` and complain of nothing."""
    form.initial.update({name: form[name].data for name in typed})
    form.is_bound = False
    form.errors.clear()


def _only(form: Form, names: tuple[str, ...]) -> Form:
    """The form with some of its fields. All was checked together; what is wrong elsewhere is said there."""
    if form.is_bound:
        for name in set(form.errors) - set(names):
            del form.errors[name]
    form.fields = {name: form.fields[name] for name in names}
    return form


def _in_words(form: Form, data: QueryDict, name: str) -> str:
    """What ``data`` says in a field of the checked ``form``, as typed while it is no answer; "" for nothing."""
    typed = [value for key, values in data.lists() if _belongs(key, name) for value in values if value]
    is_answer = name in form.cleaned_data and name not in form.errors
    return _said(form, form[name]) if typed and is_answer else say_list(typed)


def _said(form: Form, field: BoundField) -> str:
    """A valid answer in words."""
    value = form.cleaned_data.get(field.name)
    if hasattr(field.field, "say"):
        return cast(Says, field.field).say(value)
    if value in (None, "", [], False):
        return ""
    if value is True:
        return _("はい")
    if not hasattr(field.field, "choices"):
        return str(value)
    if hasattr(field.field, "queryset"):
        entries = [value] if hasattr(value, "pk") else list(value)
    else:
        labels = {str(code): label for code, label in _flat(field.field.choices)}
        entries = [labels[str(code)] for code in (value if isinstance(value, list) else [value])]
    return say_list(entries)


def _flat(choices: Any) -> list[tuple[Any, Any]]:
    """A field's choices without their groups."""
    return [
        pair for code, label in choices for pair in (label if isinstance(label, (list, tuple)) else [(code, label)])
    ]

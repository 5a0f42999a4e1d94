"""The half-year report as a workbook: the committee's table on one sheet of A4, and who wrote which text when."""

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from consult.kpi.exports.content import Content
from consult.kpi.exports.workbook import Book, Column, Table, Value
from consult.kpi.half_year import HalfYear, Line
from consult.kpi.report_words import say_organisers, say_period
from consult.kpi.words import say_counted
from consult.models import HalfYearText
from programme.models import Programme
from programme.wording import say_moment


def half_year_xlsx(table: HalfYear) -> Content:
    with translation.override(settings.LANGUAGE_CODE):
        return _render(table)


def _render(table: HalfYear) -> Content:
    programme = Programme.objects.first()
    title = _("取組実績 %(period)s") % {"period": say_period(table.period)}
    book = Book(title, str(programme or ""), f"{programme or ''}  {table!s}")
    page = book.page(_("取組実績"), (24, 52, 46, 46))
    page.title(title)
    page.facts(
        [
            (_("事業"), str(programme or "")),
            (_("実施"), say_organisers(programme)),
            (_("状態"), str(table)),
            *([(_("集計の時点"), say_counted(table.made_at))] if table.is_open else []),
        ]
    )
    columns = [Column(_("取組")), Column(_("定量的")), Column(_("定性的")), Column(_("今後の展開"))]
    page.table(Table(columns, [_row(line) for line in table.lines]), keep_header=True)
    page.notes([_("「年度累計」は4月1日からの数です。公表値は、このシステムの記録から数えた値とは別の数字です。")])
    authors = book.page(_("記入の記録"), (24, 14, 30, 26))
    authors.title(_("文章を書いた人と日時"))
    authors.row += 1
    columns = [Column(_("取組")), Column(_("欄")), Column(_("日時")), Column(_("書いた人"))]
    authors.table(
        Table(
            columns,
            [
                [str(line.undertaking.name), str(text.get_column_display()), say_moment(text.at), str(text.by)]
                for line in table.lines
                for text in (line.quality, line.outlook)
                if text
            ],
        ),
        keep_header=True,
    )
    return Content(book.bytes())


def _row(line: Line) -> list[Value]:
    numbers = [f"・{each}" for each in (*line.quantities, *line.published)]
    return [str(line.undertaking.name), "\n".join(numbers), _text(line.quality), _text(line.outlook)]


def _text(text: HalfYearText | None) -> str:
    return text.text if text else ""

"""Native charts of a workbook: they show its own cells, so that whoever changes the one changes the other."""

from dataclasses import dataclass
from typing import Any

from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText, Text
from openpyxl.chart.title import Title
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties, RegularTextRun
from openpyxl.worksheet.worksheet import Worksheet

KEY = "0017C1"  # DADS key colour: dark enough to print in black and white
PALE = "949494"


@dataclass(frozen=True, slots=True)
class Chart:
    """``height`` in centimetres, for what comes below it."""

    native: Any
    height: float


def columns_by_month(sheet: Worksheet, *, row: int, header: int, first: int, last: int, title: str) -> Chart:
    """One figure month by month: ``row`` holds its values from column ``first`` to ``last``, ``header`` the months."""
    return _finish(BarChart(), sheet, (row, first, row, last), (header, first, header, last), title, 13.2, 9.2)


def line_by_month(sheet: Worksheet, *, row: int, header: int, first: int, last: int, title: str) -> Chart:
    """As ``columns_by_month``, for a figure that holds at the month's end."""
    chart = LineChart()
    return _finish(chart, sheet, (row, first, row, last), (header, first, header, last), title, 13.2, 9.2)


def bars(sheet: Worksheet, *, first: int, last: int, column: int, title: str) -> Chart:
    """One bar for each row ``first`` to ``last``, the first on top; names in column A, values in ``column``."""
    chart = BarChart()
    chart.type = "bar"
    height = max(5.0, min(17.0, 2.2 + 0.95 * (last - first + 1)))
    made = _finish(chart, sheet, (first, column, last, column), (first, 1, last, 1), title, 10.2, height)
    chart.x_axis.tickLblSkip = 1  # each name, also where they stand close
    chart.x_axis.scaling.orientation = "maxMin"  # a bar chart begins at the bottom unless told
    return made


Box = tuple[int, int, int, int]  # first row, first column, last row, last column


def _finish(chart: Any, sheet: Worksheet, values: Box, names: Box, title: str, width: float, height: float) -> Chart:
    from_rows = values[0] == values[2] and values[1] != values[3]
    chart.add_data(_reference(sheet, values), from_rows=from_rows, titles_from_data=False)
    chart.set_categories(_reference(sheet, names))
    chart.title = _title(title)
    chart.legend = None
    chart.width, chart.height = width, height
    # Without these Excel shows no axes. Grid lines and the values' axis would only repeat the labels.
    chart.x_axis.delete = False
    chart.y_axis.delete = False
    chart.y_axis.majorGridlines = None
    chart.y_axis.scaling.min = 0
    chart.y_axis.numFmt = "#,##0"
    series = chart.series[0]
    series.dLbls = DataLabelList()
    series.dLbls.showVal = True
    for other in ("showSerName", "showCatName", "showLegendKey", "showPercent", "showLeaderLines"):
        setattr(series.dLbls, other, False)
    series.graphicalProperties = GraphicalProperties(solidFill=KEY)
    series.graphicalProperties.line = LineProperties(solidFill=KEY, w=25400)
    if isinstance(chart, BarChart):
        chart.gapWidth = 40
    else:
        series.dLbls.dLblPos = "t"
        series.marker.symbol = "circle"
        series.marker.graphicalProperties = GraphicalProperties(solidFill=KEY)
        series.smooth = False
    chart.graphical_properties = GraphicalProperties(ln=LineProperties(solidFill=PALE))
    return Chart(chart, height)


def _reference(sheet: Worksheet, box: Box) -> Reference:
    return Reference(sheet, min_row=box[0], min_col=box[1], max_row=box[2], max_col=box[3])


def _title(words: str) -> Title:
    """12 points instead of 18."""
    size = CharacterProperties(sz=1200, b=True)
    run = RegularTextRun(rPr=size, t=words)
    text = RichText(p=[Paragraph(pPr=ParagraphProperties(defRPr=size), r=[run])])
    return Title(tx=Text(rich=text), overlay=False)

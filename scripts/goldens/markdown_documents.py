"""Writes tests/fixtures/markdown: documents as other programs write them, to be converted to Markdown."""

import datetime
import pathlib

import docx
import odf.opendocument
import odf.table
import odf.text
import openpyxl
from reportlab.lib.pagesizes import A5
from reportlab.pdfgen import canvas

OUT = pathlib.Path(__file__).parents[2] / "tests" / "fixtures" / "markdown"


def write_docx() -> None:
    document = docx.Document()
    document.add_heading("Report", 1)
    paragraph = document.add_paragraph("A ")
    paragraph.add_run("bold").bold = True
    paragraph.add_run(" word and a pipe | too.")
    document.add_heading("List", 2)
    document.add_paragraph("first", style="List Bullet")
    document.add_paragraph("second", style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for row, texts in zip(table.rows, [["Name", "Count"], ["apples", "3"]]):
        for cell, text in zip(row.cells, texts):
            cell.text = text
    document.save(OUT / "report.docx")


def write_xlsx() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Stock"
    sheet.append(["Item", "Count", "Bought", "Fresh"])
    sheet.append(["apple | red", 3, datetime.date(2026, 11, 29), True])
    sheet.append(["pear", 2.5, datetime.datetime(2026, 1, 2, 3, 4, 5), False])
    other = book.create_sheet("Notes")
    other["C3"] = "two\nlines"
    book.save(OUT / "stock.xlsx")


def write_ods() -> None:
    document = odf.opendocument.OpenDocumentSpreadsheet()
    table = odf.table.Table(name="Stock")
    for texts in [["Item", "Count"], ["apple", "3"]]:
        row = odf.table.TableRow()
        for text in texts:
            cell = odf.table.TableCell(valuetype="string")
            cell.addElement(odf.text.P(text=text))
            row.addElement(cell)
        row.addElement(odf.table.TableCell(numbercolumnsrepeated=1000))
        table.addElement(row)
    empty = odf.table.TableRow(numberrowsrepeated=1_000_000)
    empty.addElement(odf.table.TableCell(numbercolumnsrepeated=1024))
    table.addElement(empty)
    document.spreadsheet.addElement(table)
    document.save(str(OUT / "stock.ods"))


def write_odt() -> None:
    document = odf.opendocument.OpenDocumentText()
    document.text.addElement(odf.text.H(outlinelevel=1, text="Report"))
    paragraph = odf.text.P(text="See ")
    paragraph.addElement(odf.text.A(href="https://example.com/a?b=1&c=2", text="the page"))
    document.text.addElement(paragraph)
    items = odf.text.List()
    for text in ["first", "second"]:
        item = odf.text.ListItem()
        item.addElement(odf.text.P(text=text))
        items.addElement(item)
    document.text.addElement(items)
    document.save(str(OUT / "report.odt"))


def write_pdf() -> None:
    page = canvas.Canvas(str(OUT / "letter.pdf"), pagesize=A5, invariant=1)
    page.setTitle("A letter")
    page.drawString(72, 500, "Dear reader,")
    page.drawString(72, 480, "this is the first page.")
    page.showPage()
    page.drawString(72, 500, "And this is the second.")
    page.save()


def main() -> None:
    OUT.mkdir(exist_ok=True)
    for write in [write_docx, write_xlsx, write_ods, write_odt, write_pdf]:
        write()


main()

"""The one table: its cursor stays on its row, and only the screen is drawn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from podfetch_tui.ui.rows import ListRows
from podfetch_tui.ui.widgets.columns import Cell, Column
from podfetch_tui.ui.widgets.table import VirtualTable

COLUMNS = (
    Column(label="Id", width=8, right=True),
    Column(label="Wide only", width=10, from_width=60),
    Column(label="Text"),
)


class NotedTable(VirtualTable[int]):
    """Notes which lines are to be painted again."""

    painted: list[int]

    def refresh(self, *regions: Region, **options: Any) -> NotedTable:
        self.painted = getattr(self, "painted", [])
        self.painted.extend(region.y for region in regions)
        super().refresh(*regions, **options)
        return self


class TableApp(App[None]):
    CSS = "VirtualTable { height: 100%; }"

    def __init__(self, rows: Sequence[int]) -> None:
        super().__init__()
        self.rows: ListRows[int] = ListRows(lambda row: row)
        self.rows.replace(rows)
        self.drawn = 0
        self.moves: list[int | None] = []
        self.text = "row {}"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"quiet": "#888888"}

    def compose(self) -> ComposeResult:
        yield NotedTable(COLUMNS, self.rows, self.cells, id="table")

    def cells(self, row: int) -> Sequence[Cell]:
        self.drawn += 1
        return ((str(row), "plain"), ("wide", "good"), (self.text.format(row), "plain"))

    def on_virtual_table_moved(self, message: VirtualTable.Moved) -> None:
        self.moves.append(message.row_id)

    @property
    def table(self) -> NotedTable:
        return self.query_one(NotedTable)

    @property
    def painted(self) -> list[int]:
        return self.table.painted

    def lines(self) -> list[str]:
        table = self.table
        table.sync()
        return [table.render_line(y).text.rstrip() for y in range(table.size.height)]


Scene = Callable[[TableApp, "Pilot[None]"], Awaitable[None]]


def play(rows: Sequence[int], scene: Scene, size: tuple[int, int] = (40, 11)) -> TableApp:
    app = TableApp(rows)

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            app.table.focus()
            app.table.sync()
            await pilot.pause()
            await scene(app, pilot)

    asyncio.run(run())
    return app


def test_a_hundred_thousand_rows_cost_a_screenful() -> None:
    async def scene(app: TableApp, pilot: Pilot[None]) -> None:
        app.drawn = 0
        await pilot.press("end")
        await pilot.pause()
        assert app.table.current == 99_999
        assert app.lines()[-1] == "    99999  row 99999"
        assert app.drawn < 200

    play(range(100_000), scene)


def test_keys_move_the_cursor_and_the_screen_follows() -> None:
    async def scene(app: TableApp, pilot: Pilot[None]) -> None:
        at = []
        for key in (
            "down",
            "j",
            "k",
            "pagedown",
            "pagedown",
            "pageup",
            "end",
            "home",
            "up",
            "G",
            "g",
        ):
            await pilot.press(key)
            at.append(app.table.cursor)
        assert at == [1, 2, 1, 10, 19, 10, 49, 0, 0, 49, 0]
        assert app.lines()[:2] == ["       Id  Text", "        0  row 0"]

    app = play(range(50), scene)
    assert app.moves[-1] == 0


def test_the_cursor_stays_on_its_row_when_rows_move() -> None:
    async def scene(app: TableApp, pilot: Pilot[None]) -> None:
        await pilot.press("down", "down", "down")
        assert app.table.cursor_id == 3
        app.rows.replace([9, 8, 7, 0, 1, 2, 3, 4])
        app.table.sync()
        assert (app.table.cursor, app.table.current) == (6, 3)
        app.rows.replace([*range(1000, 1040), 3])
        app.table.sync()
        await pilot.pause()
        assert app.table.current == 3
        assert "        3  row 3" in app.lines()

    play(range(20), scene)


def test_the_cursor_takes_the_neighbour_when_its_row_goes() -> None:
    found: list[int | None] = []

    async def scene(app: TableApp, pilot: Pilot[None]) -> None:
        await pilot.press("end")
        for rows in ([0, 1, 2], [], [5]):
            app.rows.replace(rows)
            app.table.sync()
            await pilot.pause()
            found.append(app.table.current)

    play(range(20), scene)
    assert found == [2, None, 5]


def test_only_lines_that_differ_are_painted_again() -> None:
    async def scene(app: TableApp, pilot: Pilot[None]) -> None:
        app.painted.clear()
        app.table.sync()
        assert app.painted == []
        app.rows.replace([0, 1, 77, 3])
        app.table.sync()
        assert app.painted == [3]

    play([0, 1, 2, 3], scene)


def test_columns_give_way_on_a_narrow_screen() -> None:
    async def scene(app: TableApp, pilot: Pilot[None]) -> None:
        assert app.lines()[1] == "        0  row 0"
        await pilot.resize_terminal(70, 11)
        await pilot.pause()
        assert app.lines()[1] == "        0  wide        row 0"

    play(range(5), scene)


@pytest.mark.parametrize("width", [1, 3, 9, 12, 20, 41, 60, 61])
def test_a_line_is_exactly_as_wide_as_the_screen(width: int) -> None:
    async def scene(app: TableApp, pilot: Pilot[None]) -> None:
        for text in (
            "夜の図書館で聞いた話 {}",
            "plain {}",
            "👩‍👩‍👧‍👦 {} e\u0301\u0301",
            "[b]{}[/b]",
        ):
            app.text = text
            app.table.sync()
            for y in range(app.table.size.height):
                strip = app.table.render_line(y)
                assert strip.cell_length == app.table.size.width

    play(range(500), scene, size=(width, 11))


def test_markup_is_text() -> None:
    async def scene(app: TableApp, pilot: Pilot[None]) -> None:
        app.text = "[b]x[/b] [@click=app.quit]{}[/] \\[y]"
        assert app.lines()[1].endswith("[b]x[/b] [@click=app.quit]0…")

    play(range(5), scene)


def test_a_click_chooses_the_row() -> None:
    async def scene(app: TableApp, pilot: Pilot[None]) -> None:
        await pilot.click(VirtualTable, offset=(5, 4))
        assert app.table.current == 3
        await pilot.click(VirtualTable, offset=(5, 0))
        assert app.table.current == 3, "the header is no row"

    play(range(8), scene)

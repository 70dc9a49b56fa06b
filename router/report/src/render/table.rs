use super::{
    WIDTH,
    text::{Style, clean, cut},
};

const GAP: usize = 3;
/// A column is not cut below this.
const NARROWEST: usize = 6;

/// Columns as wide as what is in them; when the lines would be too long, the widest columns are cut.
pub(super) struct Table {
    /// How many of the rows are titles.
    titles: usize,
    rows: Vec<Vec<Cell>>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    text: String,
    style: Style,
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: clean(text.as_ref()), style: Style::Plain }
    }
}

impl Cell {
    pub fn styled(text: impl AsRef<str>, style: Style) -> Self {
        Self { style, ..text.into() }
    }
}

impl Table {
    pub fn new(titles: &[&str]) -> Self {
        Self { titles: 1, rows: vec![titles.iter().map(|title| Cell::styled(title, Style::Bold)).collect()] }
    }

    pub fn headless() -> Self {
        Self { titles: 0, rows: Vec::new() }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub fn is_empty(&self) -> bool {
        self.rows.len() == self.titles
    }

    pub fn render(&self, color: bool) -> String {
        let widths = self.widths();
        self.rows.iter().map(|row| line(row, &widths, color)).collect()
    }

    fn widths(&self) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widest =
            |column| self.rows.iter().filter_map(|row| row.get(column).map(|cell: &Cell| cell.text.len())).max().unwrap_or(0);
        let mut widths: Vec<usize> = (0..columns).map(widest).collect();
        let room = WIDTH.saturating_sub(GAP * columns.saturating_sub(1));
        while widths.iter().sum::<usize>() > room {
            match widths.iter_mut().max() {
                Some(width) if *width > NARROWEST => *width -= 1,
                _ => break,
            }
        }
        widths
    }
}

fn line(row: &[Cell], widths: &[usize], color: bool) -> String {
    let mut line = String::new();
    let mut owed = 0;
    for (cell, width) in row.iter().zip(widths) {
        let text = cut(&cell.text, *width);
        if !text.is_empty() {
            line += &" ".repeat(owed);
            line += &cell.style.paint(&text, color);
            owed = 0;
        }
        owed += width - text.chars().count() + GAP;
    }
    line + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fit_what_is_in_them() {
        let mut table = Table::new(&["NAME", "X"]);
        table.row(["vehicle".into(), "1".into()]);
        table.row(["".into(), "22".into()]);
        assert_eq!(table.render(false), "NAME      X\nvehicle   1\n          22\n");
    }

    #[test]
    fn only_the_widest_column_gives_way() {
        let mut table = Table::new(&["A", "B"]);
        table.row(["short".into(), "y".repeat(200).into()]);
        let text = table.render(false);
        assert!(text.contains("short   yyy"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }

    #[test]
    fn colour_does_not_move_a_column() {
        let mut table = Table::new(&["A", "B"]);
        table.row([Cell::styled("x", Style::Bad), "y".into()]);
        assert_eq!(table.render(true), "\x1b[1mA\x1b[0m   \x1b[1mB\x1b[0m\n\x1b[31mx\x1b[0m   y\n");
    }
}

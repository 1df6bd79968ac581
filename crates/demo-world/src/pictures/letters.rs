//! Letters of five by seven dots, and the two characters of an exit sign, so that no font is needed.

use super::canvas::{Canvas, Point};
use super::paint::Paint;

/// Seven rows of five dots, the leftmost dot in the highest of five bits.
fn dots(letter: char) -> [u16; 7] {
    match letter {
        '0' => [14, 17, 19, 21, 25, 17, 14],
        '1' => [4, 12, 4, 4, 4, 4, 14],
        '2' => [14, 17, 1, 2, 4, 8, 31],
        '3' => [31, 2, 4, 2, 1, 17, 14],
        '4' => [2, 6, 10, 18, 31, 2, 2],
        '5' => [31, 16, 30, 1, 1, 17, 14],
        '6' => [6, 8, 16, 30, 17, 17, 14],
        '7' => [31, 1, 2, 4, 8, 8, 8],
        '8' => [14, 17, 17, 14, 17, 17, 14],
        '9' => [14, 17, 17, 15, 1, 2, 12],
        'A' => [14, 17, 17, 31, 17, 17, 17],
        'C' => [14, 17, 16, 16, 16, 17, 14],
        'E' => [31, 16, 16, 30, 16, 16, 31],
        'F' => [31, 16, 16, 30, 16, 16, 16],
        'G' => [14, 17, 16, 23, 17, 17, 15],
        'I' => [14, 4, 4, 4, 4, 4, 14],
        'K' => [17, 18, 20, 24, 20, 18, 17],
        'L' => [16, 16, 16, 16, 16, 16, 31],
        'O' => [14, 17, 17, 17, 17, 17, 14],
        'P' => [30, 17, 17, 30, 16, 16, 16],
        'R' => [30, 17, 17, 30, 20, 18, 17],
        'S' => [15, 16, 16, 14, 1, 1, 30],
        'T' => [31, 4, 4, 4, 4, 4, 4],
        'X' => [17, 17, 10, 4, 10, 17, 17],
        ':' => [0, 4, 4, 0, 4, 4, 0],
        '-' => [0, 0, 0, 31, 0, 0, 0],
        '/' => [1, 1, 2, 4, 8, 16, 16],
        '.' => [0, 0, 0, 0, 0, 12, 12],
        _ => [0; 7],
    }
}

/// 出, nine dots wide.
const OUT: [u16; 9] = [16, 146, 146, 254, 16, 273, 273, 273, 511];
/// 口, nine dots wide.
const MOUTH: [u16; 9] = [0, 511, 257, 257, 257, 257, 257, 511, 257];

impl Canvas {
    /// Writes on a surface of the scene; it reads the right way round in a mirrored scene too.
    pub fn letters(&mut self, text: &str, at: Point, dot: f32, paint: Paint) {
        let width = text.chars().count() as f32 * 6.0 - 1.0;
        let mut column = 0.0;
        for letter in text.chars() {
            self.bitmap(&dots(letter), (5, column, width), at, dot, paint);
            column += 6.0;
        }
    }

    /// 出口, the characters of an exit sign.
    pub fn exit_characters(&mut self, at: Point, dot: f32, paint: Paint) {
        self.bitmap(&OUT, (9, 0.0, 20.0), at, dot, paint);
        self.bitmap(&MOUTH, (9, 11.0, 20.0), at, dot, paint);
    }

    /// Each unbroken run of dots in a row is one bar. `columns`: dots of this letter, its first column, dots of the text.
    fn bitmap(&mut self, rows: &[u16], columns: (u16, f32, f32), at: Point, dot: f32, paint: Paint) {
        let (wide, first, total) = columns;
        for (row, bits) in rows.iter().enumerate() {
            let y = at.1 + row as f32 * dot;
            let mut run = 0_u16;
            for column in 0..=wide {
                let set = column < wide && bits >> (wide - 1 - column) & 1 == 1;
                if set {
                    run += 1;
                } else if run > 0 {
                    let start = first + f32::from(column - run);
                    let length = f32::from(run);
                    let start = if self.is_mirrored() { total - start - length } else { start };
                    self.rect((at.0 + start * dot, y, length * dot, dot * 1.04), paint);
                    run = 0;
                }
            }
        }
    }
}

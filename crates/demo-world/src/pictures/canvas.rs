//! A small anti-aliased rasteriser: polygons seen through a camera.
//!
//! Coverage is exact by signed area: each edge adds its share to the cells it crosses, and a running sum along the row
//! gives how much of every pixel lies inside.

use super::paint::{Paint, Rgb, mix};

/// A point of the scene (640 by 480 units, overflowing on purpose) or of the screen.
pub type Point = (f32, f32);

/// Where the scene lands on the screen: turn, scale, shift and a little keystone.
#[derive(Clone, Copy)]
pub struct View {
    pub scale: f32,
    pub turn: f32,
    pub shift: Point,
    pub keystone: Point,
    pub mirrored: bool,
}

impl View {
    /// Scene units are pixels.
    pub fn plain() -> Self {
        Self { scale: 1.0, turn: 0.0, shift: (320.0, 240.0), keystone: (0.0, 0.0), mirrored: false }
    }

    fn map(&self, (x, y): Point) -> Point {
        let x = if self.mirrored { 320.0 - x } else { x - 320.0 };
        let y = y - 240.0;
        let depth = 1.0 + self.keystone.0 * x + self.keystone.1 * y;
        let (sin, cos) = self.turn.sin_cos();
        let factor = self.scale / depth;
        ((x * cos - y * sin) * factor + self.shift.0, (x * sin + y * cos) * factor + self.shift.1)
    }
}

/// The picture being painted.
pub struct Canvas {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<Rgb>,
    view: View,
    cover: Vec<f32>,
}

/// The pixels a shape may touch.
struct Window {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

impl Canvas {
    pub fn new(width: usize, height: usize, view: View) -> Self {
        Self { width, height, pixels: vec![[128.0; 3]; width * height], view, cover: Vec::new() }
    }

    pub fn set_view(&mut self, view: View) {
        self.view = view;
    }

    pub fn is_mirrored(&self) -> bool {
        self.view.mirrored
    }

    /// Fills a polygon of the scene.
    pub fn polygon(&mut self, corners: &[Point], paint: Paint) {
        let corners: Vec<Point> = corners.iter().map(|corner| self.view.map(*corner)).collect();
        let Some(window) = self.window(&corners) else { return };
        self.cover.clear();
        self.cover.resize(window.height * (window.width + 1), 0.0);
        let origin = (window.left as f32, window.top as f32);
        let following = corners.iter().cycle().skip(1);
        for (from, to) in corners.iter().zip(following) {
            add_edge(&mut self.cover, &window, minus(*from, origin), minus(*to, origin));
        }
        self.fill(&window, paint);
    }

    /// Lays a soft dark spot, as a lamp leaves below things; a negative strength is a glow.
    pub fn shade(&mut self, centre: Point, radius: Point, strength: f32) {
        let (cx, cy) = self.view.map(centre);
        let (rx, ry) = ((radius.0 * self.view.scale).max(1.0), (radius.1 * self.view.scale).max(1.0));
        let Some(window) = self.window(&[(cx - rx, cy - ry), (cx + rx, cy + ry)]) else { return };
        for (row, line) in
            self.pixels.chunks_exact_mut(self.width).enumerate().skip(window.top).take(window.height)
        {
            let dy = (row as f32 + 0.5 - cy) / ry;
            for (column, pixel) in line.iter_mut().enumerate().skip(window.left).take(window.width) {
                let dx = (column as f32 + 0.5 - cx) / rx;
                let near = (1.0 - dx * dx - dy * dy).max(0.0);
                let factor = 1.0 - strength * near * near;
                *pixel = pixel.map(|channel| channel * factor);
            }
        }
    }

    fn window(&self, corners: &[Point]) -> Option<Window> {
        let (mut low, mut high) = ((f32::MAX, f32::MAX), (f32::MIN, f32::MIN));
        for (x, y) in corners {
            low = (low.0.min(*x), low.1.min(*y));
            high = (high.0.max(*x), high.1.max(*y));
        }
        let (left, top) = (whole(low.0), whole(low.1));
        let right = whole(high.0 + 1.0).min(self.width);
        let bottom = whole(high.1 + 1.0).min(self.height);
        (left < right && top < bottom).then(|| Window {
            left,
            top,
            width: right - left,
            height: bottom - top,
        })
    }

    fn fill(&mut self, window: &Window, paint: Paint) {
        let rows = self.pixels.chunks_exact_mut(self.width).skip(window.top).take(window.height);
        let tall = (window.height as f32).max(1.0);
        for (row, (line, cover)) in rows.zip(self.cover.chunks_exact(window.width + 1)).enumerate() {
            let line = line.get_mut(window.left..window.left + window.width).unwrap_or_default();
            if paint.across {
                fill_across(line, cover, paint);
            } else {
                fill_runs(line, cover, mix(paint.from, paint.to, row as f32 / tall), paint.alpha);
            }
        }
    }
}

/// One row of one colour, in runs of equal coverage: most of a large shape is a single run.
fn fill_runs(mut line: &mut [Rgb], mut cover: &[f32], colour: Rgb, alpha: f32) {
    let mut sum = 0.0;
    while let Some((share, rest)) = cover.split_first() {
        sum += share;
        let run = rest.iter().position(|share| *share != 0.0).unwrap_or(rest.len()) + 1;
        let Some((pixels, others)) = line.split_at_mut_checked(run.min(line.len())) else { return };
        let inside = sum.abs().min(1.0) * alpha;
        if inside > 0.996 {
            pixels.fill(colour);
        } else if inside > 0.004 {
            for pixel in pixels {
                *pixel = mix(*pixel, colour, inside);
            }
        }
        (line, cover) = (others, rest.get(run - 1..).unwrap_or_default());
    }
}

/// One row of a ramp.
fn fill_across(line: &mut [Rgb], cover: &[f32], paint: Paint) {
    let part = 1.0 / (line.len() as f32).max(1.0);
    let (mut sum, mut way) = (0.0, 0.0);
    for (pixel, share) in line.iter_mut().zip(cover) {
        sum += share;
        way += part;
        let inside = sum.abs().min(1.0) * paint.alpha;
        if inside > 0.004 {
            *pixel = mix(*pixel, mix(paint.from, paint.to, way), inside);
        }
    }
}

fn minus(point: Point, origin: Point) -> Point {
    (point.0 - origin.0, point.1 - origin.1)
}

/// The whole part of a number that is not negative, at most four million, without a lossy cast or a call into libm.
pub fn whole(value: f32) -> usize {
    let value = value.clamp(0.0, 4_000_000.0);
    let nearest = value + ROUNDING;
    let floor = if nearest - ROUNDING > value { nearest - 1.0 } else { nearest };
    usize::try_from(floor.to_bits() & 0x007f_ffff).unwrap_or(0)
}

/// Two to the 23rd: a float this large has no room for a fraction, so adding it rounds.
pub const ROUNDING: f32 = 8_388_608.0;

/// Adds one edge's signed area to the cells it crosses, clipped to the window.
fn add_edge(cover: &mut [f32], window: &Window, from: Point, to: Point) {
    if (from.1 - to.1).abs() < 1e-6 {
        return;
    }
    let (direction, upper, lower) = if from.1 < to.1 { (1.0, from, to) } else { (-1.0, to, from) };
    let slope = (lower.0 - upper.0) / (lower.1 - upper.1);
    let start = upper.1.max(0.0);
    let end = lower.1.min(window.height as f32);
    if start >= end {
        return;
    }
    let first = whole(start);
    let lines = cover
        .chunks_exact_mut(window.width + 1)
        .enumerate()
        .skip(first)
        .take((whole(end) + 1).saturating_sub(first));
    for (row, line) in lines {
        let y0 = start.max(row as f32);
        let y1 = end.min(row as f32 + 1.0);
        if y1 <= y0 {
            break;
        }
        let height = (y1 - y0) * direction;
        let xa = upper.0 + (y0 - upper.1) * slope;
        let xb = upper.0 + (y1 - upper.1) * slope;
        add_span(line, height, (xa.min(xb), xa.max(xb)), window.width as f32);
    }
}

/// Spreads one row's share of an edge over the cells between its left and right end.
fn add_span(line: &mut [f32], height: f32, (left, right): Point, width: f32) {
    let (left, right) = (left.clamp(0.0, width), right.clamp(0.0, width));
    let first = whole(left);
    let last = whole(right);
    if first == last {
        let lean = (left + right) * 0.5 - first as f32;
        add(line, first, height * (1.0 - lean));
        add(line, first + 1, height * lean);
        return;
    }
    let per_unit = height / (right - left);
    let mut before = 0.0;
    for cell in first..=last {
        let x0 = left.max(cell as f32);
        let x1 = right.min(cell as f32 + 1.0);
        let share = (x1 - x0) * per_unit;
        let lean = (x0 + x1) * 0.5 - cell as f32;
        add(line, cell, before + share * (1.0 - lean));
        before = share * lean;
    }
    add(line, last + 1, before);
}

fn add(line: &mut [f32], cell: usize, value: f32) {
    if let Some(slot) = line.get_mut(cell) {
        *slot += value;
    }
}

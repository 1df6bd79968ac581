//! The shapes scenes are made of, all of them polygons in the end.

use std::f32::consts::TAU;

use super::canvas::{Canvas, Point};
use super::paint::Paint;

/// Left, top, width, height.
pub type Box4 = (f32, f32, f32, f32);

impl Canvas {
    pub fn rect(&mut self, (x, y, w, h): Box4, paint: Paint) {
        self.polygon(&[(x, y), (x + w, y), (x + w, y + h), (x, y + h)], paint);
    }

    /// A rectangle with round corners.
    pub fn round(&mut self, (x, y, w, h): Box4, radius: f32, paint: Paint) {
        let radius = radius.min(w * 0.5).min(h * 0.5);
        let corners = [
            (x + w - radius, y + h - radius, 0.0),
            (x + radius, y + h - radius, 0.25),
            (x + radius, y + radius, 0.5),
            (x + w - radius, y + radius, 0.75),
        ];
        let mut outline = Vec::with_capacity(20);
        for (cx, cy, quarter) in corners {
            for step in 0_u8..=4 {
                let angle = TAU * (quarter + f32::from(step) / 16.0);
                outline.push((cx + radius * angle.cos(), cy + radius * angle.sin()));
            }
        }
        self.polygon(&outline, paint);
    }

    pub fn ellipse(&mut self, (cx, cy): Point, (rx, ry): Point, paint: Paint) {
        let outline: Vec<Point> = (0_u8..28)
            .map(|step| {
                let (sin, cos) = (TAU * f32::from(step) / 28.0).sin_cos();
                (cx + rx * cos, cy + ry * sin)
            })
            .collect();
        self.polygon(&outline, paint);
    }

    /// A line of some thickness through the points.
    pub fn stroke(&mut self, points: &[Point], thickness: f32, paint: Paint) {
        let half = thickness * 0.5;
        let mut left = Vec::with_capacity(points.len() * 2);
        let mut right = Vec::with_capacity(points.len());
        for (place, point) in points.iter().enumerate() {
            let before = place.checked_sub(1).and_then(|before| points.get(before)).unwrap_or(point);
            let after = points.get(place + 1).unwrap_or(point);
            let (dx, dy) = (after.0 - before.0, after.1 - before.1);
            let length = dx.hypot(dy).max(1e-3);
            let (nx, ny) = (-dy / length * half, dx / length * half);
            left.push((point.0 + nx, point.1 + ny));
            right.push((point.0 - nx, point.1 - ny));
        }
        left.extend(right.into_iter().rev());
        self.polygon(&left, paint);
    }

    /// A cable, hose or pipe along a curve, round by a lighter stripe on its upper side.
    pub fn tube(&mut self, [p0, p1, p2, p3]: [Point; 4], thickness: f32, dark: Paint, light: Paint) {
        let points: Vec<Point> = (0_u8..=18)
            .map(|step| {
                let t = f32::from(step) / 18.0;
                let u = 1.0 - t;
                let weights = [u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t];
                [p0, p1, p2, p3]
                    .iter()
                    .zip(weights)
                    .fold((0.0, 0.0), |sum, (p, w)| (sum.0 + p.0 * w, sum.1 + p.1 * w))
            })
            .collect();
        self.stroke(&points, thickness, dark);
        let raised: Vec<Point> =
            points.iter().map(|(x, y)| (x - thickness * 0.12, y - thickness * 0.18)).collect();
        self.stroke(&raised, thickness * 0.36, light);
    }

    /// A frame of some thickness just inside the box.
    pub fn frame(&mut self, (x, y, w, h): Box4, t: f32, paint: Paint) {
        self.rect((x, y, w, t), paint);
        self.rect((x, y + h - t, w, t), paint);
        self.rect((x, y + t, t, h - 2.0 * t), paint);
        self.rect((x + w - t, y + t, t, h - 2.0 * t), paint);
    }
}

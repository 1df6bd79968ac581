//! The QR code of a paper, as a path for HTML and as a picture for DOCX.

use fast_qr::ECL;
use fast_qr::qr::QRBuilder;

/// White around the code, in modules: scanners need four.
const QUIET: usize = 4;

/// The dark modules of a code, row by row, without the white around it.
pub struct Code(Vec<Vec<bool>>);

impl Code {
    /// A code that survives a stamp on 15 percent of it; `None` for an address too long for any.
    pub fn of(address: &str) -> Option<Self> {
        let made = QRBuilder::new(address).ecl(ECL::M).build().ok()?;
        let row = |at: usize| made.data.iter().skip(at * made.size).take(made.size);
        Some(Self((0..made.size).map(|at| row(at).map(|module| module.value()).collect()).collect()))
    }

    /// The side in modules with the white around it.
    pub fn side(&self) -> usize {
        self.0.len() + 2 * QUIET
    }

    /// An SVG path that fills the dark modules.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for (y, row) in self.0.iter().enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|one, next| one == next) {
                let (length, dark) = (run.len(), run.first() == Some(&true));
                if dark {
                    path.push_str(&format!("M{} {}h{length}v1h-{length}z", x + QUIET, y + QUIET));
                }
                x += length;
            }
        }
        path
    }

    /// A PNG with so many pixels a module.
    pub fn png(&self, scale: usize) -> Option<Vec<u8>> {
        let side = self.side() * scale;
        let size = u32::try_from(side).ok()?;
        let dark = |x: usize, y: usize| {
            let (column, row) = ((x / scale).checked_sub(QUIET)?, (y / scale).checked_sub(QUIET)?);
            self.0.get(row)?.get(column).copied()
        };
        let pixels = (0..side * side)
            .map(|at| if dark(at % side, at / side) == Some(true) { 0 } else { u8::MAX })
            .collect::<Vec<u8>>();
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, size, size);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().ok()?;
        writer.write_image_data(&pixels).ok()?;
        writer.finish().ok()?;
        Some(bytes)
    }
}

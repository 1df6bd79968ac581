//! At the ceilings, and one above: sides of 20,000 and 120 million pixels. The bytes are of no account here.

use crate::{Case, JPEG, Kept, PNG, Shown, TOO_LARGE, WEBP, make};

/// Claims at the ceilings and one above; what stands behind the claim is little or nothing.
pub fn sizes() -> Vec<Case> {
    let mut all = Vec::new();
    let claims = [
        (20_000, 6_000, true),
        (20_001, 1, false),
        (20_000, 6_001, false),
        (12_000, 10_000, true),
        (12_001, 10_000, false),
    ];
    for (width, height, fits) in claims {
        for (width, height) in [(width, height), (height, width)] {
            let expected = if fits { Kept } else { TOO_LARGE };
            let size = format!("{width} x {height}");
            all.push(Case::new(format!("PNG of {size}"), PNG, expected, move || {
                make::png_claiming(width, height)
            }));
            let (across, down) = (width as u16, height as u16);
            all.push(Case::new(format!("JPEG of {size}"), JPEG, expected, move || {
                make::jpeg_claiming(across, down)
            }));
            if width.max(height) <= 16_384 {
                all.push(Case::new(format!("WebP of {size}"), WEBP, expected, move || {
                    make::webp_claiming(width, height)
                }));
            }
        }
    }
    all.push(Case::new("PNG of 1 x 1", PNG, Shown, || make::png_rgb(1, 1)));
    all.push(Case::new("PNG of 20,000 x 1", PNG, Shown, || make::png_rgb(20_000, 1)));
    all.push(Case::new("JPEG of 1 x 20,000", JPEG, Shown, || make::jpeg_flat(1, 20_000)));
    all
}

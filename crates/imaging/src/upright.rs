//! Turning a picture the way the camera was held.

/// RGB8 pixels with their size.
pub(crate) struct Rgb {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) data: Vec<u8>,
}

/// Undoes EXIF orientation 1 to 8. Done on the small copy: turning 12 megapixels costs more than scaling them.
pub(crate) fn upright(picture: Rgb, orientation: u8) -> Rgb {
    let mut out = if orientation >= 5 { transpose(picture) } else { picture };
    match orientation {
        2 | 6 => mirror(&mut out),
        3 | 7 => turn_half(&mut out),
        4 | 8 => flip(&mut out),
        _ => {}
    }
    out
}

/// Left becomes right.
fn mirror(picture: &mut Rgb) {
    let row = row_len(picture.width);
    for row in picture.data.chunks_exact_mut(row) {
        row.as_chunks_mut::<3>().0.reverse();
    }
}

fn turn_half(picture: &mut Rgb) {
    picture.data.as_chunks_mut::<3>().0.reverse();
}

/// Top becomes bottom.
fn flip(picture: &mut Rgb) {
    let row = row_len(picture.width);
    let half = picture.data.len() / row / 2 * row;
    let rows = picture.data.len() / row * row;
    let (top, bottom) = picture.data.split_at_mut(rows - half);
    for (upper, lower) in top.chunks_exact_mut(row).zip(bottom.rchunks_exact_mut(row)) {
        upper.swap_with_slice(lower);
    }
}

/// Rows become columns. In bands of 16 rows, so that the lines of the cache being read stay in it.
fn transpose(picture: Rgb) -> Rgb {
    const BAND: usize = 16;
    let (source_row, target_row) = (row_len(picture.width), row_len(picture.height));
    let mut data = vec![0; picture.data.len()];
    for (index, band) in picture.data.chunks(source_row * BAND).enumerate() {
        let left = index * BAND * 3;
        let width = band.len() / source_row * 3;
        for (column, row) in data.chunks_exact_mut(target_row).enumerate() {
            let Some(target) = row.get_mut(left..left + width) else { continue };
            for (to, from) in target.as_chunks_mut::<3>().0.iter_mut().zip(band.chunks_exact(source_row)) {
                if let Some(pixel) = from.get(column * 3..).and_then(<[u8]>::first_chunk::<3>) {
                    *to = *pixel;
                }
            }
        }
    }
    Rgb { width: picture.height, height: picture.width, data }
}

fn row_len(width: u32) -> usize {
    usize::try_from(width).unwrap_or(usize::MAX / 3).max(1) * 3
}

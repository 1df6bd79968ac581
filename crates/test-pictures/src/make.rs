//! Files of every kind, from pieces: right ones, and such as claim what they do not hold.

/// A scene without symmetry, so that every turn and mirroring shows.
pub fn scene(width: u32, height: u32) -> Vec<u8> {
    let mut rgb = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let (left, top) = (x * 2 < width, y * 2 < height);
            rgb.extend(match (left, top) {
                (true, true) => [220, 30, 30],
                (false, true) => [30, 200, 30],
                (true, false) => [30, 30, 220],
                (false, false) => [(x * 200 / width) as u8, 210, (y * 200 / height) as u8],
            });
        }
    }
    rgb
}

pub fn jpeg(width: u32, height: u32) -> Vec<u8> {
    encoded(&scene(width, height), width as u16, height as u16, 92)
}

fn encoded(rgb: &[u8], width: u16, height: u16, quality: u8) -> Vec<u8> {
    let mut out = Vec::new();
    jpeg_encoder::Encoder::new(&mut out, quality)
        .encode(rgb, width, height, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    out
}

/// Colours are subsampled below quality 90.
pub fn jpeg_as(
    width: u16,
    height: u16,
    progressive: bool,
    quality: u8,
    colours: jpeg_encoder::ColorType,
) -> Vec<u8> {
    let pixels = usize::from(width) * usize::from(height) * colours_per_pixel(colours);
    let data: Vec<u8> = (0..pixels).map(|i| (i * 7 % 251) as u8).collect();
    let mut out = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut out, quality);
    encoder.set_progressive(progressive);
    encoder.encode(&data, width, height, colours).unwrap();
    out
}

fn colours_per_pixel(colours: jpeg_encoder::ColorType) -> usize {
    match colours {
        jpeg_encoder::ColorType::Luma => 1,
        jpeg_encoder::ColorType::Rgb => 3,
        _ => 4,
    }
}

/// Puts a segment right behind the start marker.
pub fn with_segment(jpeg: &[u8], marker: u8, body: &[u8]) -> Vec<u8> {
    let len = u16::try_from(body.len() + 2).unwrap();
    [&jpeg[..2], &[0xFF, marker], &len.to_be_bytes(), body, &jpeg[2..]].concat()
}

pub fn with_exif(jpeg: &[u8], tiff: &[u8]) -> Vec<u8> {
    with_segment(jpeg, 0xE1, &[b"Exif\0\0", tiff].concat())
}

/// Writes another size into the frame header and leaves the rest.
pub fn jpeg_claiming(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = jpeg(16, 16);
    let frame = bytes.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    bytes[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    bytes[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    bytes
}

/// Progressive, its last scan repeated.
pub fn jpeg_of_scans(width: u16, height: u16, repeats: usize) -> Vec<u8> {
    repeat_last_scan(&jpeg_as(width, height, true, 80, jpeg_encoder::ColorType::Luma), repeats)
}

fn repeat_last_scan(whole: &[u8], repeats: usize) -> Vec<u8> {
    let last = (0..whole.len() - 1).rev().find(|&at| whole[at..at + 2] == [0xFF, 0xDA]).unwrap();
    let end = whole.len() - 2;
    [&whole[..end], &whole[last..end].repeat(repeats), &whole[end..]].concat()
}

pub fn png(width: u32, height: u32, colour: png::ColorType, depth: png::BitDepth, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    encoder.write_header().unwrap().write_image_data(data).unwrap();
    out
}

pub fn png_rgb(width: u32, height: u32) -> Vec<u8> {
    png(width, height, png::ColorType::Rgb, png::BitDepth::Eight, &scene(width, height))
}

/// Nothing but zeros, really compressed: megabytes that unfold to gigabytes.
pub fn png_zeros(width: u32, height: u32, colour: png::ColorType, depth: png::BitDepth) -> Vec<u8> {
    use std::io::Write;
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    let mut writer = encoder.write_header().unwrap();
    let row = vec![0; colour.samples() * (depth as usize).max(8) / 8 * width as usize];
    let mut stream = writer.stream_writer().unwrap();
    (0..height).for_each(|_| stream.write_all(&row).unwrap());
    stream.finish().unwrap();
    drop(writer);
    out
}

/// Puts a chunk right behind the header chunk.
pub fn with_chunk(png: &[u8], name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&png[..33], &chunk(name, body), &png[33..]].concat()
}

pub fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let crc = crc32(&[name.as_slice(), body].concat());
    [&(body.len() as u32).to_be_bytes(), name.as_slice(), body, &crc.to_be_bytes()].concat()
}

pub fn png_claiming(width: u32, height: u32) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let rest = png_rgb(1, 1);
    [&rest[..8], &chunk(b"IHDR", &header), &rest[33..]].concat()
}

pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 },
        )
    })
}

pub fn webp(width: u32, height: u32) -> Vec<u8> {
    let mut out = Vec::new();
    image_webp::WebPEncoder::new(&mut out)
        .encode(&scene(width, height), width, height, image_webp::ColorType::Rgb8)
        .unwrap();
    out
}

/// One grey pixel, lossy.
pub const WEBP_LOSSY: &[u8] = b"RIFF\x22\0\0\0WEBPVP8 \x16\0\0\0\x30\x01\0\x9d\x01\x2a\x01\0\x01\0\x0e\xc0\xfe\x25\xa4\0\x03\x70\0\0\0\0";

/// The extended form around the chunks of `inner`, a simple file.
pub fn webp_extended(flags: u8, width: u32, height: u32, inner: &[u8], more: &[Vec<u8>]) -> Vec<u8> {
    let side = |length: u32| (length - 1).to_le_bytes()[..3].to_vec();
    let canvas = [vec![flags, 0, 0, 0], side(width), side(height)].concat();
    let body = [b"WEBP".to_vec(), riff_chunk(b"VP8X", &canvas), inner[12..].to_vec(), more.concat()].concat();
    [b"RIFF".to_vec(), (body.len() as u32).to_le_bytes().to_vec(), body].concat()
}

pub fn riff_chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let padding = vec![0; body.len() % 2];
    [name.as_slice(), &(body.len() as u32).to_le_bytes(), body, &padding].concat()
}

/// A frame header alone that claims a size.
pub fn webp_claiming(width: u32, height: u32) -> Vec<u8> {
    let bits = (width - 1) | ((height - 1) << 14);
    let body = [b"WEBP".to_vec(), riff_chunk(b"VP8L", &[&[0x2F], &bits.to_le_bytes()[..]].concat())].concat();
    [b"RIFF".to_vec(), (body.len() as u32).to_le_bytes().to_vec(), body].concat()
}

/// An ISO box file with these brands and an EXIF item in an `idat` box.
pub fn heic(major: &[u8; 4], others: &[&[u8; 4]], tiff: &[u8]) -> Vec<u8> {
    let others: Vec<u8> = others.iter().flat_map(|brand| brand.to_vec()).collect();
    let ftyp = iso_box(b"ftyp", &[&major[..], &[0; 4], &others].concat());
    let infe = iso_box(b"infe", b"\x02\0\0\0\0\x01\0\0Exif\0");
    let iinf = iso_box(b"iinf", &[&[0, 0, 0, 0, 0, 1], &infe[..]].concat());
    let item = [&[0; 4], tiff].concat();
    let iloc =
        [&b"\x01\0\0\0\x44\0\0\x01\0\x01\0\x01\0\0\0\x01\0\0\0\0"[..], &(item.len() as u32).to_be_bytes()]
            .concat();
    let meta = [vec![0; 4], iinf, iso_box(b"iloc", &iloc), iso_box(b"idat", &item)].concat();
    [ftyp, iso_box(b"meta", &meta)].concat()
}

pub fn iso_box(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 8).to_be_bytes(), name.as_slice(), body].concat()
}

/// A baseline picture of one colour: two bits a block, so a megabyte unfolds to hundreds.
pub fn jpeg_flat(width: u16, height: u16) -> Vec<u8> {
    encoded(&vec![90; usize::from(width) * usize::from(height) * 3], width, height, 80)
}

/// Progressive and of one colour.
pub fn jpeg_flat_progressive(width: u16, height: u16, repeats: usize) -> Vec<u8> {
    let grey = vec![90; usize::from(width) * usize::from(height)];
    let mut whole = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut whole, 80);
    encoder.set_progressive(true);
    encoder.encode(&grey, width, height, jpeg_encoder::ColorType::Luma).unwrap();
    repeat_last_scan(&whole, repeats)
}

/// Baseline in subsampled colours, with restart markers as cameras write them, or with a scan for each colour.
pub fn jpeg_in_parts(width: u16, height: u16, restart: u16, scan_per_colour: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut out, 85);
    if restart > 0 {
        encoder.set_restart_interval(restart);
    }
    // This encoder writes a scan for each colour when it fits the tables to the picture.
    encoder.set_optimized_huffman_tables(scan_per_colour);
    let rgb = scene(width.into(), height.into());
    encoder.encode(&rgb, width, height, jpeg_encoder::ColorType::Rgb).unwrap();
    out
}

/// Shapes, gradients and sensor noise in red, green and blue: as a JPEG 0.2 to 0.5 bytes a pixel, as phones write.
pub fn snapshot(width: u32, height: u32) -> Vec<u8> {
    let mut noise = 0x2545_F491_u32;
    let mut rgb = Vec::new();
    for y in 0..height {
        for x in 0..width {
            noise ^= noise << 13;
            noise ^= noise >> 17;
            noise ^= noise << 5;
            let grain = (noise >> 24) % 14;
            let shape = if ((x / 90) ^ (y / 70)) % 5 == 0 { 60 } else { 0 };
            for channel in [x * 120 / width, y * 120 / height, (x + y) * 120 / (width + height)] {
                rgb.push(u8::try_from(channel + shape + grain).unwrap());
            }
        }
    }
    rgb
}

//! EXIF blocks, right ones and wrong ones.

#[derive(Clone)]
pub struct Entry {
    pub tag: u16,
    pub kind: u16,
    pub count: u32,
    pub value: Vec<u8>,
}

pub const ORIENTATION: u16 = 0x0112;
pub const MAKE: u16 = 0x010F;
pub const MODEL: u16 = 0x0110;
pub const ORIGINAL: u16 = 0x9003;
pub const OFFSET_ORIGINAL: u16 = 0x9011;

#[derive(Clone, Default)]
pub struct Tiff {
    pub big_endian: bool,
    pub main: Vec<Entry>,
    pub exif: Vec<Entry>,
    pub gps: Vec<Entry>,
}

impl Tiff {
    pub fn with_orientation(orientation: u16) -> Self {
        let mut tiff = Self::default();
        tiff.main.push(tiff.short(ORIENTATION, orientation));
        tiff
    }

    /// A phone's: all that the crate reads.
    pub fn phone(big_endian: bool) -> Self {
        let mut tiff = Self { big_endian, ..Self::default() };
        tiff.main = vec![ascii(MAKE, "HUAWEI"), ascii(MODEL, "Mate 60"), tiff.short(ORIENTATION, 6)];
        tiff.exif = vec![ascii(ORIGINAL, "2026:03:01 08:15:59"), ascii(OFFSET_ORIGINAL, "+08:00")];
        tiff.place(('N', [(31, 1), (13, 1), (4950, 100)]), ('E', [(121, 1), (28, 1), (1200, 100)]));
        tiff
    }

    pub fn place(&mut self, latitude: (char, [(u32, u32); 3]), longitude: (char, [(u32, u32); 3])) {
        self.gps = vec![
            ascii(1, &latitude.0.to_string()),
            self.rationals(2, latitude.1),
            ascii(3, &longitude.0.to_string()),
            self.rationals(4, longitude.1),
        ];
    }

    pub fn short(&self, tag: u16, value: u16) -> Entry {
        Entry { tag, kind: 3, count: 1, value: self.u16(value) }
    }

    pub fn rationals(&self, tag: u16, parts: [(u32, u32); 3]) -> Entry {
        let value = parts.iter().flat_map(|part| [self.u32(part.0), self.u32(part.1)].concat()).collect();
        Entry { tag, kind: 5, count: 3, value }
    }

    pub fn u16(&self, value: u16) -> Vec<u8> {
        if self.big_endian { value.to_be_bytes().to_vec() } else { value.to_le_bytes().to_vec() }
    }

    pub fn u32(&self, value: u32) -> Vec<u8> {
        if self.big_endian { value.to_be_bytes().to_vec() } else { value.to_le_bytes().to_vec() }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut out = if self.big_endian { b"MM".to_vec() } else { b"II".to_vec() };
        out.extend(self.u16(42));
        out.extend(self.u32(8));
        let mut main = self.main.clone();
        let pointers = [(0x8769, &self.exif), (0x8825, &self.gps)];
        let wanted: Vec<_> = pointers.into_iter().filter(|(_, entries)| !entries.is_empty()).collect();
        let mut at = 8 + table_len(&main, wanted.len());
        for (tag, entries) in &wanted {
            main.push(Entry { tag: *tag, kind: 4, count: 1, value: self.u32(at as u32) });
            at += table_len(entries, 0);
        }
        self.table(&mut out, &main);
        wanted.iter().for_each(|(_, entries)| self.table(&mut out, entries));
        out
    }

    fn table(&self, out: &mut Vec<u8>, entries: &[Entry]) {
        let mut data_at = out.len() + 2 + entries.len() * 12 + 4;
        let mut data = Vec::<u8>::new();
        out.extend(self.u16(entries.len() as u16));
        for entry in entries {
            out.extend(self.u16(entry.tag));
            out.extend(self.u16(entry.kind));
            out.extend(self.u32(entry.count));
            if entry.value.len() <= 4 {
                let mut inline = entry.value.clone();
                inline.resize(4, 0);
                out.extend(inline);
            } else {
                out.extend(self.u32(data_at as u32));
                data_at += entry.value.len();
                data.extend(&entry.value);
            }
        }
        out.extend(self.u32(0));
        out.extend(data);
    }
}

pub fn ascii(tag: u16, text: &str) -> Entry {
    let mut value = text.as_bytes().to_vec();
    value.push(0);
    Entry { tag, kind: 2, count: value.len() as u32, value }
}

fn table_len(entries: &[Entry], more: usize) -> usize {
    let long: usize = entries.iter().map(|entry| entry.value.len()).filter(|len| *len > 4).sum();
    2 + (entries.len() + more) * 12 + 4 + long
}

// Processor time of sharp for one photo in both sizes, without starting the process and without its cache.
// Two ways are measured and the cheaper one counts: both copies from the original, or the small from the big one.
const { readFileSync } = require('node:fs');
const sharp = require('sharp');
sharp.cache(false);
sharp.concurrency(1);
const photo = readFileSync(process.argv[2]);
const rounds = Number(process.argv[3]);
const within = (side) => ({ width: side, height: side, fit: 'inside', withoutEnlargement: true });

async function each() {
    await sharp(photo).rotate().resize(within(1600)).jpeg({ quality: 80 }).toBuffer();
    await sharp(photo).rotate().resize(within(320)).jpeg({ quality: 75 }).toBuffer();
}

async function inTurn() {
    const { data, info } = await sharp(photo).rotate().resize(within(1600)).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const raw = { raw: { width: info.width, height: info.height, channels: info.channels } };
    await sharp(data, raw).jpeg({ quality: 80 }).toBuffer();
    await sharp(data, raw).resize(within(320)).jpeg({ quality: 75 }).toBuffer();
}

async function cost(way) {
    await way();
    const before = process.cpuUsage();
    for (let round = 0; round < rounds; round += 1) await way();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / rounds;
}

(async () => {
    const [a, b] = [await cost(each), await cost(inTurn)];
    console.log(JSON.stringify({ version: sharp.versions.sharp, libvips: sharp.versions.vips, ms: Math.min(a, b) }));
})();

// Scores one site as MDN's HTTP Observatory does, also for who is signed in, which its own command cannot.
// node score.mjs HOST:PORT [COOKIE]; MODULES names the folder of its packages.
import { pathToFileURL } from "node:url";

const [place, cookie] = process.argv.slice(2);
const source = `${process.env.MODULES}/node_modules/@mdn/mdn-http-observatory/src`;
const load = (name) => import(pathToFileURL(`${source}/${name}`).href);
const { retrieve } = await load("retriever/retriever.js");
const { ALL_TESTS } = await load("constants.js");
const { getGradeForScore, getScoreModifier } = await load("grader/grader.js");
const { MINIMUM_SCORE_FOR_EXTRA_CREDIT } = await load("grader/charts.js");

const headers = ["Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"];
if (cookie) headers.push(`Cookie: ${cookie}`);
const site = await retrieve(place, { headers });
if (site.responses.auto?.status !== 200) throw new Error(`the site answered ${site.responses.auto?.status}`);

const tests = ALL_TESTS.map((test) => test(site)).map((one) => ({
  name: one.constructor.name,
  result: one.result,
  points: getScoreModifier(one.result),
}));
const lost = tests.reduce((sum, one) => sum + Math.min(one.points, 0), 100);
const all = tests.reduce((sum, one) => sum + one.points, 100);
const { score, grade } = getGradeForScore(lost >= MINIMUM_SCORE_FOR_EXTRA_CREDIT ? all : lost);
const path = site.session.redirectHistory.at(-1)?.url.pathname ?? "/";
console.log(JSON.stringify({ score, grade, path, tests }));

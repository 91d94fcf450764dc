"""Word lists of the sample corpus, and an inventor of words that no language has."""

from __future__ import annotations

from random import Random

DETERMINERS = (
    "the 50 a 24 this 6 that 4 some 4 my 5 our 3 your 3 his 2 her 2 their 3 its 2 no 2 any 2 "
    "every 2 each 2 another 2"
)
PRONOUNS = "I 14 you 8 we 7 they 6 it 9 he 5 she 5 everyone 1 someone 1 nobody 1"
AUXILIARIES = (
    "will 6 can 7 would 6 could 5 should 4 may 3 might 3 must 2 did 3 didn't 3 can't 3 won't 2 "
    "wouldn't 2"
)
PREPOSITIONS = (
    "in 16 on 10 at 8 with 10 from 8 for 10 by 6 about 5 after 4 before 4 under 2 over 3 through 2 "
    "between 2 against 2 without 2 near 2 inside 2 during 2 behind 2 along 2 across 2"
)
CONJUNCTIONS = (
    "and 16 but 9 because 6 so 6 while 3 when 6 if 5 although 2 since 3 unless 2 until 2 where 3"
)
OPENERS = (
    "Then 5 However 4 Still 4 Today 3 Later 3 Instead 2 Meanwhile 2 Sometimes 3 Usually 2 Maybe 3 "
    "Again 2 Also 5 Anyway 2"
)
MARKERS = "Edit: 5 tl;dr: 3 Thanks, 4 Note: 4 Well, 4 FYI: 3 So, 3 FWIW, 2 Update: 3"
DEGREES = "very 8 quite 4 too 4 rather 3 almost 3 really 5 so 5 more 5 less 3"

GENERAL_NOUNS = (
    "time way thing year day people part place work week night home side world hand end point "
    "case problem question idea book line word group story house number water room friend "
    "reason morning result change body name minute kind"
)
GENERAL_VERBS = (
    "make/made see/saw find/found take/took give/gave keep/kept use/used need/needed want/wanted "
    "bring/brought leave/left hold/held try/tried ask/asked start/started move/moved know/knew "
    "show/showed build/built lose/lost carry/carried watch/watched change/changed turn/turned"
)
GENERAL_ADJECTIVES = (
    "good old new small big long little same other early late whole right strong simple clear "
    "short high open full hard easy"
)

TOPICS = """
beekeeping: hive queen swarm comb nectar drone smoker colony wax brood | forage smoke hatch | amber
sailing: mast rudder harbour anchor jib keel tide rope buoy deck | steer moor drift | windward
baking: dough crust oven yeast loaf flour rye starter crumb tin | knead bake rise | stale
astronomy: comet nebula lens orbit telescope eclipse star planet mirror dust | orbit fade | faint
chess: rook pawn gambit endgame bishop clock opening draw castle fork | castle trade pin | passive
gardening: soil seed compost hedge root bulb trellis spade frost petal | prune plant sprout | leafy
railways: signal platform engine carriage gauge tunnel sleeper timetable | shunt arrive | narrow
pottery: kiln glaze clay wheel bowl slip bisque shard pot handle | glaze fire throw | porous
weather: storm front cloud gust barometer drizzle pressure hail fog | rain clear gather | humid
cycling: spoke saddle chain gear tyre pedal climb brake pump helmet | pedal climb coast | steep
history: treaty empire archive charter siege throne ruin decree ledger | rule conquer | royal
medicine: nurse fever dose clinic pulse bandage symptom ward cough | treat recover | chronic
music: fiddle chord drum melody tempo choir stage bow string rehearsal | play tune sing | minor
football: goal keeper pass corner league coach whistle pitch penalty | score tackle pass | offside
cooking: pan garlic stew spice onion broth pepper ladle recipe lemon | simmer chop stir | salty
programming: loop compiler thread buffer parser function bug branch test | compile crash | static
gaming: quest level boss loot dungeon patch server avatar shield | respawn grind loot | hostile
finance: bond loan dividend ledger bank broker tax margin asset | invest borrow owe | fiscal
law: judge clause court appeal contract statute verdict bench | appeal rule sue | binding
travel: visa hostel passport ferry luggage border map ticket route | wander arrive book | remote
geology: basalt fault quartz ridge sediment crater lava strata slate | erode settle | volcanic
birds: heron nest feather beak owl flock warbler plumage egg wing | roost sing migrate | speckled
dogs: leash puppy kennel collar paw bark tail shelter breeder | bark fetch chew | stubborn
knitting: yarn needle stitch sleeve cable wool pattern cuff skein | knit unravel purl | chunky
carpentry: plank chisel joint saw varnish bench nail hinge oak lathe | carve sand glue | sturdy
photography: shutter tripod aperture film flash focus negative frame | expose crop | grainy
languages: verb accent noun dialect vowel grammar tense suffix | translate inflect | fluent
mathematics: proof lemma integer theorem graph matrix prime curve | prove divide | finite
painting: canvas brush pigment easel fresco sketch palette portrait | paint sketch | vivid
fishing: trout lure reel bait river rod net hook salmon bank | cast reel bite | muddy
running: marathon stride lap trainer injury pace track sprint | sprint stretch rest | tired
teaching: pupil lesson classroom exam homework essay teacher desk | teach revise mark | attentive
theatre: actor scene curtain script rehearsal costume audience prop | act rehearse | dramatic
robots: servo sensor arm battery motor wheel gripper circuit | sense grip recharge | rigid
mountains: summit glacier ridge hut crampon avalanche trail cairn | climb descend | icy
radio: antenna dial static broadcast tuner valve station mast | tune transmit | distant
sewing: thread hem zip bobbin seam button lining fabric | stitch hem iron | silken
coffee: bean roast grinder filter espresso crema kettle cup | brew grind pour | bitter
cars: clutch radiator bonnet exhaust dent gearbox tyre wiper | stall overheat skid | rusty
housing: tenant lease roof plumber rent attic boiler landlord | rent repair leak | damp
"""

TLDS = ("example", "test", "invalid")
"""Reserved top-level names (RFC 2606): no address of the corpus can exist."""

_ONSETS = "b br c ch cl d dr f fl g gl gr h j k kl l m n p pl pr qu r s sh sk sl st t th tr v w z"
_NUCLEI = "a e i o u ai ea oo ou ie"
_CODAS = "b ck d g l ll m n nd ng nt p r rd rk rn s sh sk st t th x"
_ENDINGS = "er ing le ock et in ow ash age ine ore al um"


def weighted(table: str) -> tuple[list[str], list[float]]:
    """Words and weights of a ``word weight word weight`` table."""
    parts = table.split()
    return parts[::2], [float(part) for part in parts[1::2]]


def past(verb: str) -> str:
    """Regular past tense, near enough for a sample."""
    if verb.endswith("e"):
        return f"{verb}d"
    return f"{verb[:-1]}ied" if verb.endswith(("ly", "ry", "dy", "ny")) else f"{verb}ed"


def plural(noun: str) -> str:
    """Plural, near enough for a sample."""
    if noun.endswith(("dy", "ly", "ny", "ry", "ty")):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "z", "sh", "ch")) else f"{noun}s"


class Inventor:
    """Invents words that it has not invented before and that ``taken`` does not hold."""

    def __init__(self, rng: Random, taken: set[str]) -> None:
        """Draw from ``rng``; ``taken`` grows with every word."""
        self._rng = rng
        self._taken = taken
        self._lists = [part.split() for part in (_ONSETS, _NUCLEI, _CODAS, _ENDINGS)]

    def word(self, shortest: int = 4) -> str:
        """One new lower-case word of at least ``shortest`` letters."""
        onsets, nuclei, codas, endings = self._lists
        choose = self._rng.choice
        while True:
            word = choose(onsets) + choose(nuclei) + choose(codas)
            if self._rng.random() < 0.6:
                word += choose(endings)
            if self._rng.random() < 0.25:
                word = choose(onsets) + choose(nuclei) + word
            if len(word) >= shortest and word not in self._taken:
                self._taken.add(word)
                return word

    def words(self, count: int) -> list[str]:
        """``count`` new words."""
        return [self.word() for _ in range(count)]

# ruff: noqa: RUF001 (letters of other scripts that resemble Latin ones are the point here)
"""Documents in other scripts, with the joiners, marks and flags that belong there."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from sample_corpus.prose import AGAIN
from sample_corpus.world import Choice

ZWNJ, ZWJ, LRM, VS16, SOFT_HYPHEN = "\u200c", "\u200d", "\u200e", "\ufe0f", "\u00ad"
_FLAG, _TAG_END = "\U0001f3f4", "\U000e007f"
_SMALL_SHARE = 0.4


def _flag(region: str) -> str:
    """Subdivision flag: the only ordinary use of tag characters (Unicode TR51, section C.1)."""
    return _FLAG + "".join(chr(0xE0000 + ord(letter)) for letter in region) + _TAG_END


EMOJI = (
    "\U0001f600",
    "\U0001f44d",
    f"\u2764{VS16}",
    f"\U0001f468{ZWJ}\U0001f469{ZWJ}\U0001f467",
    f"\U0001f3f3{VS16}{ZWJ}\U0001f308",
    f"\U0001f469{ZWJ}\U0001f680",
    f"\U0001f937{ZWJ}\u2640{VS16}",
    _flag("gbeng"),
    _flag("gbsct"),
)


@dataclass(frozen=True)
class Language:
    """How words of one language look: small words, and syllables to invent others from."""

    name: str
    small: str
    starts: str
    ends: str
    glue: str = " "
    comma: str = ", "
    stop: str = ". "
    syllables: tuple[int, int] = (2, 3)
    suffix: str = ""
    """Put behind one invented word in seven."""
    prefix: str = ""
    """Put before one invented word in nine."""


LANGUAGES = (
    Language(
        "russian",
        "и в не на что это как но по из у за так же от мы он она все ещё уже или если где",
        "ба ве го да жи за ко ле ми но пе ра со ту фе хо ци ша",
        "к л м н р с т в на ла ть ка ный",
    ),
    Language(
        "greek",
        "και το να της με που από για στο είναι θα δεν τα σε ένα αυτό όπως αλλά ή μια",
        "βα γε δι ζο θη κα λε μι νο πα ρι σο τα φε χα",
        "ς να ρι μα τος λη κο",
    ),
    Language(
        "persian",
        "و در به از که این را با است برای آن یک هم تا بر خود ما بود شد",
        "با سا دا نو می رو که پا گل تا شه خو چا",
        "ن ر م د ش ست ند",
        comma="، ",
        suffix=f"{ZWNJ}ها",
        prefix=f"می{ZWNJ}",
    ),
    Language(
        "hebrew",
        "של את לא על זה הוא עם גם כי אני אל היא כל יש או אבל רק",
        "ב ג ד ה ל מ נ פ ק ר ש ת",
        "ים ה ות ל ר ן ם",
        suffix=LRM,
    ),
    Language(
        "hindi",
        "के में है की और से का को पर यह भी एक कि तो ही नहीं था",
        "का मे सी ना रा ला दे पो वा ति सु",
        "न र ल म त क ना",
        stop="। ",
        suffix=f"क्{ZWJ}ष",
    ),
    Language(
        "korean",
        "이 그 저 수 것 등 및 더 또 한 그리고 하지만 매우 우리 여기",
        "가 나 다 라 마 바 사 아 자 하 고 노 도 로 모",
        "은 는 을 를 에 도 다 리 기",
    ),
    Language(
        "chinese",
        "的 了 在 是 我 有 他 这 不 和 人 也 就 都 说 很 到 要 去 你",
        "山 水 火 木 金 土 日 月 天 地 东 西 南 北 书 画 琴 棋 诗 茶 花 鸟 鱼 车 船 城 门 路 桥 田",
        "石 家 国 学 校 工 场 市 海 河 云 雨 雪 风 春 夏 秋 冬 年 时 星 光 声 色 味 心 手 足 目 口",
        glue="",
        comma="，",
        stop="。",
        syllables=(1, 1),
    ),
    Language(
        "japanese",
        "は が の を に で と も から まで です ます これ それ この その",
        "さ か た な ま ら や 山 川 町 花 空 海 春",
        "く し む る り 駅 店 道 屋 色",
        glue="",
        comma="、",
        stop="。",
        syllables=(1, 2),
    ),
)


class Tongue:
    """Writes documents of one language for one source, each source with its own words."""

    def __init__(self, language: Language, rng: Random) -> None:
        """Invent the words of one source."""
        self.language = language
        self._rng = rng
        self._small = Choice.zipf(language.small.split())
        self._starts, self._ends = language.starts.split(), language.ends.split()
        invented = dict.fromkeys(self._invent() for _ in range(500))
        self._content = Choice.zipf(list(invented))

    def _invent(self) -> str:
        rng, language = self._rng, self.language
        count = rng.randint(*language.syllables)
        word = "".join(rng.choice(self._starts) for _ in range(count)) + rng.choice(self._ends)
        chance = rng.random()
        if language.suffix and chance < 1 / 7:
            return word + language.suffix
        if language.prefix and chance > 1 - 1 / 9:
            return language.prefix + word
        return word

    def document(self) -> str:
        """One document of a few paragraphs, without blanks at the end of a line."""
        rng, urn = self._rng, list[str]()
        sentences = [self._sentence(urn) for _ in range(rng.randint(4, 16))]
        cut = rng.randint(2, 6)
        parts = [sentences[start : start + cut] for start in range(0, len(sentences), cut)]
        return "\n".join("".join(part).strip() for part in parts)

    def _sentence(self, urn: list[str]) -> str:
        rng, language = self._rng, self.language
        words = [self._word(urn) for _ in range(rng.randint(5, 16))]
        middle = len(words) // 2
        if rng.random() < 1 / 3:
            halves = [language.glue.join(words[:middle]), language.glue.join(words[middle:])]
            return language.comma.join(halves) + language.stop
        return language.glue.join(words) + language.stop

    def _word(self, urn: list[str]) -> str:
        rng = self._rng
        if rng.random() < _SMALL_SHARE:
            return self._small.draw(rng)
        old = urn and rng.random() < AGAIN["noun"]
        word = rng.choice(urn) if old else self._content.draw(rng)
        urn.append(word)
        return word


def with_emoji(text: str, rng: Random) -> str:
    """The same text with a few emoji behind its sentences, one favourite among them."""
    favourite = rng.choice(EMOJI)
    parts = text.split(". ")
    for index in range(len(parts) - 1):
        if rng.random() < 1 / 3:
            parts[index] += f". {rng.choice([favourite, favourite, rng.choice(EMOJI)])} "
        else:
            parts[index] += ". "
    return "".join(parts)


def with_soft_hyphens(text: str, rng: Random) -> str:
    """The same text as a typesetter's web page has it: soft hyphens inside long words."""
    long = 9
    return " ".join(
        f"{word[:4]}{SOFT_HYPHEN}{word[4:]}" if len(word) >= long and rng.random() < 1 / 2 else word
        for word in text.split(" ")
    )

"""Words of noun phrases: which may be consumed, and which change what the phrase means."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: "roll of tape", "tape roll": the container or measure stands for what it is made of.
CONTAINERS = _words("""
    bag bar block bottle bowl box brick bucket bundle can canister carton case cup flask jar jug
    pack package packet pair pile pot roll sheet spool stack stick tin tray tub tube
    """)

#: May follow a name that stands for the whole ("mustard *bottle*", "drill *tool*").
CLASS_NOUNS = _words("""
    bottle box can canister carton container device fruit jar machine pack package packet roll
    thing tin tool toy tube
    """)

#: Adjectives that single out one of several of a kind, or just describe it.
ADJECTIVES = _words("""
    red orange yellow green blue purple violet pink brown black white gray silver gold golden beige
    turquoise cyan magenta dark light bright pale colored transparent clear shiny matte dull
    big small little tall tiny huge long short wide narrow thick thin flat round square
    rectangular cylindrical spherical curved straight heavy
    new old clean dirty empty full open closed visible
    wooden plastic metal metallic glass steel paper cardboard leather ceramic rubber
    left right front back far near top bottom upper lower centre standing lying hand side
    """)

#: Words that change what a phrase refers to or what is asked of it; never consumed.
REFUSED = _words("""
    no not never none neither nor without except but minus plus times divided if when while
    before after during until since unless because was were had been will would should could might
    must tomorrow yesterday today later earlier soon ago again twice thrice double triple half
    third quarter once other another next previous last first second fourth former future
    imaginary fake missing absent hypothetical same different opposite each every any all both
    some most least less more than very too almost nearly about roughly approximately exactly only
    just even also moving moved removing removed falling rotated rotating turned flipped swapped
    what which who whose how why where when is are be does do did has have and or
    this that these those its their his her my your our one three four five six seven eight
    nine ten dozen several many few of per percent square cubic average mean median total sum
    maximum biggest smallest tallest shortest nearest farthest highest lowest
    to from at in on by with for into onto through between behind above below under over
    """)

#: Nouns of a support that may have no region of its own: the scene's plane stands for it.
SURFACES = _words("""
    table tabletop desk desktop floor ground shelf counter countertop worktop workbench bench
    surface support plane board
    """)

#: What things are in or on, where that is not a thing with a name itself.
HOLDERS = SURFACES | _words("""
    bag basin basket bed bench bin bowl box cabinet carpet cart case chair closet conveyor container
    couch crate cupboard drawer dresser fridge kitchen mat pallet pan plate rack rug sill
    sink sofa stand stool stove tote tray trolley tub wall warehouse windowsill workspace corner
    """)

#: What is said of all there is to see: it restricts nothing.
EVERYWHERE = _words('picture image photo view sight scene room')

#: Said after a surface's name without changing it.
SURFACE_SUFFIXES = _words('surface plane top level board')

#: Class nouns that stand for everything there is a name for.
EVERYTHING = _words('thing')


def singular(word: str) -> str:
    """`word` without its plural ending; a rule of thumb applied to names and phrases alike."""
    if len(word) > 4 and word.endswith('ies'):
        return f'{word[:-3]}y'
    if len(word) > 4 and word.endswith(('sses', 'shes', 'ches', 'xes', 'zes')):
        return word[:-2]
    if len(word) > 4 and word.endswith('ves') and word[:-3] in ('kni', 'shel', 'lea', 'hal'):
        return f'{word[:-3]}f' + ('e' if word == 'knives' else '')
    if len(word) > 2 and word.endswith('s') and not word.endswith(('ss', 'us', 'is')):
        return word[:-1]
    return {'mice': 'mouse', 'men': 'man', 'women': 'woman', 'people': 'person',
            'feet': 'foot'}.get(word, word)

"""The adopted implementation guides as tables: facts only, in our own words.

`dictionary` holds the X12 standard's elements, composites and segments; each other module holds
one guide's outline (loops, segments in order, usage, repeats, codes) and its situational rules.
`outline` reads the notation, `catalog` finds the guide of a transaction set, lazily.
"""

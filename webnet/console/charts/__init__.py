"""Drawings as SVG: the modules compute where everything is, without Django, and templates of the same names write it.

dependency_graph  what a plugin needs, and what needs it
health_chart      the results of a plugin's health checks over time
shapes            texts and outlines that fit into a drawing

A drawing is 360 units wide, so that its texts can be read on a narrow screen. Its numbers are texts, since templates
would write them as people of the page's language do.
"""

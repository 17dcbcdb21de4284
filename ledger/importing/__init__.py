# SPDX-License-Identifier: AGPL-3.0-or-later
"""Importing: from the bytes of somebody else's file to records (spec 10 §2, §4). Pure: callers read the files.

read        bytes -> Table: what format it is, then delimited, geojson, ods, xlsx, kml or murmurations
archive     zip archives under limits; markup: XML without entities; sheet: rows of cells -> Table
detect      encoding, delimiter, decimal mark
suggest     Table -> Mapping: which column says what, from vocabulary and values
mapping     the Mapping and its TOML
convert     Table, Mapping -> records and problems; clean, web, points, countries, hours read single values
identity    outside ids and record ids
problem     what can be wrong with a row, and with a file
"""

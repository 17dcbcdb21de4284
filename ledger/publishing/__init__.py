# SPDX-License-Identifier: AGPL-3.0-or-later
"""Publishing: records in the formats of other programs. Pure but for `spool`, which keeps rows in a temporary file.

Everything is made of record objects (ledger.directory.present), which hold nothing that is not public. Each record
carries its licence and its sources, each file the attributions of all that is in it.

flat        record -> columns of text, for tables
spool       rows of text until all columns are known
delimited   CSV;  ods: OpenDocument
geojson     GeoJSON;  linked: JSON-LD of schema.org;  gogocarto: what GoGoCarto reads
murmurations  one record -> a profile
changes     what is another than before since a cursor, deletions too; reads the store
credits     whom to name
formats     the formats by name, one way in for all
"""

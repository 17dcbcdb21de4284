# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words of the pages in French, by the English message; no-break spaces stand before : ; ? and inside « »."""

FRENCH: dict[str, str] = {
    # Every page
    "Skip to the content": "Aller au contenu",
    "Main": "Principal",
    "Directory": "Annuaire",
    "Logs and peers": "Journaux et pairs",
    "What you read here was signed by those who said it, and can be checked without trusting this page.": (
        "Ce que vous lisez ici a été signé par qui l'a dit, et se vérifie sans faire confiance à cette page."
    ),
    "Keys of the logs": "Clés des journaux",
    "For programs": "Pour les programmes",
    "Kept with Folkmoot, free software, on this organisation's own machine.": (
        "Tenu avec Folkmoot, logiciel libre, sur la machine de l'organisation elle-même."
    ),
    # Directory
    "A directory of the commons: places, tools, services, offers and needs, entered by the people who know them.": (
        "Un annuaire des communs\u00a0: lieux, outils, services, offres et besoins, inscrits par celles et ceux qui "
        "les connaissent."
    ),
    "Search the directory": "Chercher dans l'annuaire",
    "What are you looking for?": "Que cherchez-vous\u00a0?",
    "Kind": "Genre",
    "Everything": "Tout",
    "Near a town": "Près d'une ville",
    "Within": "À moins de",
    "Last checked": "Vérifié",
    "at any time": "peu importe quand",
    "in the last 3 months": "depuis 3 mois",
    "in the last year": "depuis un an",
    "Search": "Chercher",
    "Search: {words}": "Recherche\u00a0: {words}",
    "This cannot be searched for": "Cette recherche n'est pas possible",
    "Change the form above, or": "Modifiez le formulaire ci-dessus, ou",
    "begin again": "recommencez",
    "Narrow down": "Affiner",
    "Filters in force": "Filtres en vigueur",
    "Remove:": "Retirer\u00a0:",
    "Remove all": "Tout retirer",
    "(remove)": "(retirer)",
    "Categories": "Catégories",
    "and {number} more": "et {number} de plus",
    "{number} more": "{number} de plus",
    "Checked {date}": "Vérifié le {date}",
    "Never checked": "Jamais vérifié",
    "Source:": "Source\u00a0:",
    "In the log of": "Dans le journal de",
    "Over": "Terminé",
    "{number} entry": "{number} fiche",
    "{number} entries": "{number} fiches",
    "{number} entry is still being taken in and cannot be found yet.": (
        "{number} entrée est en cours de lecture et ne se trouve pas encore."
    ),
    "{number} entries are still being taken in and cannot be found yet.": (
        "{number} entrées sont en cours de lecture et ne se trouvent pas encore."
    ),
    "Pages of results": "Pages de résultats",
    "To the first page": "À la première page",
    "Next page": "Page suivante",
    "{facet}: {value}": "{facet}\u00a0: {value}",
    "Words: {words}": "Mots\u00a0: {words}",
    "Inside a box on the map": "Dans un cadre sur la carte",
    "Checked within {time}": "Vérifié depuis {time}",
    "Within {distance} of {place}": "À moins de {distance} de {place}",
    "Nothing has been entered here yet. The people who run this node begin with a list that they have, or with one "
    "place that they know:": (
        "Rien n'est encore inscrit ici. Qui tient ce nœud commence par une liste qui existe, ou par un lieu "
        "connu\u00a0:"
    ),
    "What other organisations have entered shows up here as soon as their nodes are found.": (
        "Ce que d'autres organisations ont inscrit apparaît ici dès que leurs nœuds sont trouvés."
    ),
    "Nothing here fits all of what you asked for. What may help:": (
        "Rien ne répond à tout ce que vous demandez. À essayer\u00a0:"
    ),
    "Write only the beginning of a word: “repar” finds repair and réparation. Accents and capitals do not count.": (
        "N'écrire que le début d'un mot\u00a0: «\u00a0repar\u00a0» trouve réparation et réparer. "
        "Accents et majuscules ne comptent pas."
    ),
    "Look at everything": "Tout voir",
    "Look within {km} km": "Chercher à moins de {km}\u00a0km",
    "Include what has closed": "Inclure ce qui a fermé",
    "Without “{filter}”": "Sans «\u00a0{filter}\u00a0»",
    # A record
    "This has closed.": "C'est fermé.",
    "Since {date}.": "Depuis le {date}.",
    "Since {date}: {reason}.": "Depuis le {date}\u00a0: {reason}.",
    "Nobody has checked this yet: ask before you set out.": (
        "Personne ne l'a encore vérifié\u00a0: renseignez-vous avant de partir."
    ),
    "Last checked {date}, more than a year ago: ask before you set out.": (
        "Vérifié le {date}, il y a plus d'un an\u00a0: renseignez-vous avant de partir."
    ),
    "What is known": "Ce qu'on en sait",
    "Direction": "Sens",
    "Terms": "Conditions d'échange",
    "Item": "Objet",
    "Valid until": "Valable jusqu'au",
    " (over)": " (terminé)",
    "Address": "Adresse",
    "Opening hours": "Horaires",
    "Wheelchair": "Fauteuil roulant",
    "Costs money": "Payant",
    "Conditions": "Conditions",
    "For whom": "Pour qui",
    "Languages spoken": "Langues parlées",
    "Contact": "Contact",
    "For members only": "Pour les membres seulement",
    "Scope": "Portée",
    "Structure": "Structure",
    "Membership": "Sociétariat",
    "Known elsewhere as": "Connu ailleurs sous",
    "Links": "Liens",
    "Pictures": "Images",
    "Picture without a description": "Image sans description",
    "Relations": "Relations",
    "(not held here)": "(pas gardé ici)",
    "Where": "Où",
    "Known {precision}:": "Connu {precision}\u00a0:",
    "at the door": "à la porte près",
    "to about 100 metres": "à une centaine de mètres près",
    "to about a kilometre": "à un kilomètre près",
    "somewhere in the town": "quelque part dans la ville",
    "somewhere in the region": "quelque part dans la région",
    "as the source gives it": "tel que la source le donne",
    "found from the address": "trouvé d'après l'adresse",
    "the middle of the town": "le centre de la ville",
    "set by hand": "placé à la main",
    "measured on the spot": "mesuré sur place",
    "What else is near?": "Quoi d'autre tout près\u00a0?",
    "Open in a map program": "Ouvrir dans un programme de cartes",
    "Look at OpenStreetMap": "Voir sur OpenStreetMap",
    "No point on the map is known.": "Aucun point sur la carte n'est connu.",
    "Sources and licence": "Sources et licence",
    "This entry may be used under": "Cette fiche peut être utilisée sous",
    "fetched {date}": "récupéré le {date}",
    "Number there:": "Numéro là-bas\u00a0:",
    "Entered first hand: no other source is named.": (
        "Inscrit de première main\u00a0: aucune autre source n'est nommée."
    ),
    "Who says so": "Qui le dit",
    "Signed into the log of": "Signé dans le journal de",
    "on {date}, as entry {position}.": "le {date}, entrée n°\u00a0{position}.",
    "By": "Par",
    "by": "par",
    "key": "clé",
    "Prove it": "La preuve",
    "As data": "En données",
    "The proof is a small file that anybody can check offline:": (
        "La preuve est un petit fichier que chacun peut vérifier hors ligne\u00a0:"
    ),
    "History": "Histoire",
    "Entered": "Inscrit",
    "Changed": "Modifié",
    "Checked and found right": "Vérifié et trouvé juste",
    "proof of entry {position}": "preuve de l'entrée n°\u00a0{position}",
    "it has closed": "c'est fermé",
    "it was a duplicate": "c'était un doublon",
    "it was a mistake": "c'était une erreur",
    "left out of a newer edition of its source": "absent d'une édition plus récente de la source",
    "an import was undone": "un import a été annulé",
    # Logs and peers
    "Every organisation writes its own log, which only it can sign. This node keeps whole copies of the logs it "
    "follows, and checks every entry.": (
        "Chaque organisation écrit son propre journal, qu'elle seule peut signer. Ce nœud garde des copies entières "
        "des journaux qu'il suit, et vérifie chaque entrée."
    ),
    "{number} log is held here": "{number} journal est gardé ici",
    "{number} logs are held here": "{number} journaux sont gardés ici",
    "Logs held here": "Journaux gardés ici",
    "Not signed at present": "Rien n'est signé en ce moment",
    "Log": "Journal",
    "Entries": "Entrées",
    "Held here": "Gardé ici",
    "Checkpoint": "Point de contrôle",
    "this node's own": "celui de ce nœud",
    "epoch {number}": "époque {number}",
    "Completely": "En entier",
    "not heard of for over a day": "sans nouvelles depuis plus d'un jour",
    "forked: nothing more is taken in": "bifurqué\u00a0: plus rien n'en est repris",
    "forked, continued in the next epoch": "bifurqué, poursuivi dans l'époque suivante",
    "its key has been removed": "sa clé a été retirée",
    "Proof of it": "La preuve",
    "The log that this stands in has forked.": "Le journal où se trouve ceci a bifurqué.",
    (
        "Its key has signed two histories that cannot both be true, so nothing more of it is taken in, and what you "
        "read here may be told otherwise elsewhere."
    ): (
        "Sa clé a signé deux histoires qui ne peuvent être vraies ensemble\u00a0; plus rien n'en est donc repris, et "
        "ce que vous lisez ici peut être dit autrement ailleurs."
    ),
    "{held} of {size}": "{held} sur {size}",
    "Signed at {number}": "Signé à {number}",
    "None yet": "Pas encore",
    "Witnesses": "Témoins",
    "Published": "Publié",
    "Published to {number}": "Publié jusqu'à {number}",
    "Saved": "Enregistré",
    "Saved means that it is stored and will not be lost. Published means that enough witnesses have cosigned it: "
    "nobody can be shown another history unnoticed.": (
        "Enregistré veut dire conservé, et sans risque de perte. Publié veut dire cosigné par assez de témoins\u00a0: "
        "personne ne peut se voir montrer une autre histoire sans que cela se remarque."
    ),
    "This node is a witness too. Its key, for others to name:": (
        "Ce nœud est lui aussi un témoin. Sa clé, pour que d'autres la nomment\u00a0:"
    ),
    "Erased here": "Effacé ici",
    "What this organisation had erased last. Whoever holds its log drops it too when they hear of it, and says so.": (
        "Ce que cette organisation a fait effacer en dernier. Qui tient son journal l'efface aussi en l'apprenant, "
        "et le dit."
    ),
    "Entry": "Entrée",
    "Erased": "Effacée",
    "Dropped by": "Effacée chez",
    "Not confirmed by": "Pas confirmée par",
    "nobody": "personne",
    "Open connections": "Connexions ouvertes",
    "Peer": "Pair",
    "Who called": "Qui a appelé",
    "Entries received": "Entrées reçues",
    "this node": "ce nœud",
    "the peer": "le pair",
    "No other node is connected at the moment. What is held here can be searched all the same.": (
        "Aucun autre nœud n'est connecté en ce moment. Ce qui est gardé ici se consulte quand même."
    ),
    # Errors
    "Error {code}": "Erreur {code}",
    "There is no such page": "Cette page n'existe pas",
    "It may have been mistyped, or belong to a log that is not held here.": (
        "L'adresse est peut-être mal écrite, ou relève d'un journal qui n'est pas gardé ici."
    ),
    "The fault is on our side. Nothing that was saved is lost. Try again in a moment, or tell the people who run this "
    "node.": (
        "La faute est de notre côté. Rien de ce qui a été enregistré n'est perdu. Réessayez dans un moment, ou "
        "prévenez les personnes qui tiennent ce nœud."
    ),
    "To the directory": "Vers l'annuaire",
    # The federation
    "Federation": "Fédération",
    "Which organisations this node listens to, and why. It takes in the logs of those it knows and of those they "
    "vouch for; the others wait until somebody here lets them in.": (
        "Quelles organisations ce nœud écoute, et pourquoi. Il accueille les registres de celles qu'il connaît et de "
        "celles dont elles se portent garantes ; les autres attendent que quelqu'un d'ici les laisse entrer."
    ),
    "Logs and why they are held": "Les registres, et pourquoi ils sont conservés",
    "Why": "Pourquoi",
    "Decisions": "Décisions",
    "Look": "Voir",
    "says": "selon",
    "Waiting": "En attente",
    "Nobody whom this node knows vouches for these. Their entries are not here, and nobody is told of them.": (
        "Personne que ce nœud connaisse ne se porte garant de ceux-ci. Leurs entrées ne sont pas ici, et il n'en est "
        "parlé à personne."
    ),
    "Told of by": "Annoncé par",
    "Since": "Depuis",
    "itself": "lui-même",
    "Nobody waits.": "Personne n'attend.",
    "Denied": "Refusés",
    "Nothing of these is taken in, shown or passed on here.": "Rien n'en est pris, montré ni transmis ici.",
    "decided here": "décidé ici",
    "What this node goes by": "Ce que suit ce nœud",
    "Decisions taken over from": "Décisions reprises de",
    "Regions followed": "Régions suivies",
    "This organisation vouches for": "Cette organisation se porte garante de",
    "called by {who}": "appel par {who}",
    "The address of {number} node is known.": "L'adresse de {number} nœud est connue.",
    "The addresses of {number} nodes are known.": "Les adresses de {number} nœuds sont connues.",
    "Its quota is full: {size} entries": "Son quota est plein : {size} entrées",
    "Its newest checkpoint only": "Seulement son dernier point de contrôle",
    "followed": "suivi",
    "mirrored for others": "gardé en miroir pour d'autres",
    "let in by hand": "admis à la main",
    "a neighbour's, with which accounts are kept": "d'un voisin, avec qui l'on tient des comptes",
    "a peer's, known here": "d'un pair connu ici",
    "held by a peer, known here": "tenu par un pair connu ici",
    "vouched for": "garanti",
    "of a followed region": "d'une région suivie",
    "every log is taken in here": "tout registre est accueilli ici",
    "not admitted: it stays as it is": "pas admis\u00a0: il reste tel quel",
    "spam": "du spam",
    "it is false": "c'est faux",
    "it is against the charter": "c'est contraire à la charte",
    "it is illegal": "c'est illégal",
    "it is not there": "cela n'existe pas",
    "it was asked for": "cela a été demandé",
    "Decisions of": "Décisions de",
    "What this organisation closed, erased, labelled or does not show. Each decision is an entry of its log, signed, "
    "and can be proved.": (
        "Ce que cette organisation a fermé, effacé, étiqueté ou ne montre pas. Chaque décision est une entrée signée "
        "de son registre, et peut être prouvée."
    ),
    "No decisions yet.": "Pas encore de décision.",
    "Labelled “{label}”": "Étiqueté « {label} »",
    "Label “{label}” taken off": "Étiquette « {label} » retirée",
    "“{label}”, says {by}": "« {label} », selon {by}",
    "Not shown: {reason}": "Pas montré : {reason}",
    "Shown again": "Montré de nouveau",
    "Erased the content of entry {position}": "Contenu de l'entrée {position} effacé",
    "Closed: {reason}": "Fermé : {reason}",
    # The codes of node.words
    "Organisation": "Organisation",
    "Place": "Lieu",
    "Resource": "Ressource",
    "Service": "Service",
    "Offer": "Offre",
    "Need": "Besoin",
    "Person": "Personne",
    "commons assembly": "assemblée des communs",
    "co-operative": "coopérative",
    "union": "syndicat",
    "city": "ville",
    "association": "association",
    "firm": "entreprise",
    "federation": "fédération",
    "Category": "Catégorie",
    "Country": "Pays",
    "Licence": "Licence",
    "Status": "État",
    "Active": "Actif",
    "Planned": "En projet",
    "Paused": "En pause",
    "Closed": "Fermé",
    "Offered": "Offert",
    "Wanted": "Recherché",
    "to give": "à donner",
    "to lend": "à prêter",
    "to rent": "à louer",
    "to sell": "à vendre",
    "for time": "contre du temps",
    "mutual aid": "entraide",
    "Local": "Locale",
    "Regional": "Régionale",
    "National": "Nationale",
    "International": "Internationale",
    "Accessible": "Accessible",
    "Accessible in part": "Accessible en partie",
    "Not accessible": "Pas accessible",
    "Yes": "Oui",
    "No": "Non",
    # Dates
    "January": "janvier",
    "February": "février",
    "March": "mars",
    "April": "avril",
    "May": "mai",
    "June": "juin",
    "July": "juillet",
    "August": "août",
    "September": "septembre",
    "October": "octobre",
    "November": "novembre",
    "December": "décembre",
    "after the year 9999": "après l'an 9999",
}

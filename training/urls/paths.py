"""Ordinary paths and queries, composed: the benign pools name hosts only, and a path as such must not speak against a site.

Everything here is written for this project. A template's fields are filled at random; log-in pages, downloads, trackers and long
identifiers are here on purpose, because honest sites have them too.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable

TEMPLATES = """
/ /index.html /index.php /home /about /about-us /contact /contact.html /en/ /en-us/ /de/ /fr/accueil /es/inicio /pt-br/ /ja/ /zh-cn/ /ru/
/robots.txt /sitemap.xml /favicon.ico /favicon-32x32.png /manifest.json /.well-known/security.txt /.well-known/openid-configuration
/privacy /privacy-policy /terms /terms-of-service.html /legal/imprint /cookies /faq /help /help/{slug} /support /support/contact /support/tickets/{num}
/login /login.php /login.aspx /log-in /signin /sign-in?next=/account /account /account/login /account/login?returnUrl=%2F{word} /accounts/signup
/user/login /users/sign_in /users/password/new /auth/login /auth/realms/{word}/protocol/openid-connect/auth?client_id={word}&state={hex}
/oauth2/authorize?client_id={uuid}&response_type=code&scope=openid /secure/login.jsp /secure/account/overview /my/account /portal/ /webmail/ /owa/
/account/verify?token={b64} /verify-email?token={hex} /confirm?email={word}%40example.com&code={num} /password/reset?token={hex} /update-payment /billing/invoices/{num}
/payment /payments/checkout /checkout /checkout/success?session_id={b64} /cart /cart?add={num} /basket /orders/{num} /track /tracking?id={num} /track/{alnum}
/wallet /wallet/connect /claim /rewards /gift-cards /giveaway/{slug} /prizes /bonus /security /security/advisories/{num} /alerts
/blog /blog/ /blog/{slug} /blog/{year}/{month}/{slug} /blog/{year}/{month}/{day}/{slug}/ /news/{slug} /news/{year}/{month}/{slug}-{num}.html /{year}/{month}/{slug}.html
/{year}/{month}/{day}/{slug}/ /article/{num} /articles/{slug}-{num} /story/{slug} /press/{slug}.pdf /magazin/{slug},{num}.html /a/{num}.html /p/{num} /post/{num}/{slug}
/wiki/{Word} /wiki/{Word}_{Word} /wiki/{Word}#History /w/index.php?title={Word}&oldid={num} /docs /docs/{slug} /docs/latest/{slug}.html /docs/v{ver}/api/{slug}
/documentation/{slug}/{slug} /en/latest/{slug}.html /en/stable/ /reference/{slug} /guide/{slug}.html /manual/en/{slug}.php /api /api/v1/{word} /api/v2/{word}/{num}
/v1/chat/completions /api/v{digit}/users/{uuid} /graphql /rest/api/2/issue/{WORD}-{num} /health /metrics /status /swagger/index.html /ws
/product/{slug} /products/{slug}?variant={num} /p/{slug}/{alnum} /dp/B0{ALNUM} /gp/product/B0{ALNUM}?psc=1 /item/{num}.html /shop/{slug}-{num} /c/{slug} /category/{slug}/page/{digit}
/collections/{slug} /search?q={word} /search?q={word}+{word}&page={digit} /s?k={word}&ref=nb_sb_noss /suche?query={word} /results?search_query={word} /tag/{slug} /topics/{slug}
/questions/{num}/{slug} /a/{num}/{num} /forum/viewtopic.php?f={digit}&t={num} /t/{slug}/{num} /threads/{slug}.{num}/ /r/{word}/comments/{alnum}/{slug}/ /@{word} /@{word}/{slug}-{hex12}
/{word} /{word}/ /{word}/{word} /{word}/{word}/ /{slug} /{slug}/ /{slug}.html /{slug}.htm /{slug}.aspx /{slug}.php?id={num} /{word}.jsp /{word}/{slug}/{slug}
/u/{word} /user/{word} /users/{num}/{word} /profile/{word} /people/{slug} /in/{slug} /channel/UC{b64} /watch?v={alnum11} /watch?v={alnum11}&t={num}s /playlist?list=PL{b64} /embed/{alnum11}
/{word}/{word}.git /{word}/{word}/blob/main/README.md /{word}/{word}/blob/master/src/{word}.py#L{num} /{word}/{word}/issues/{num} /{word}/{word}/pull/{num}/files /{word}/{word}/releases
/{word}/{word}/releases/download/v{ver}/{word}-{ver}-linux-amd64.tar.gz /{word}/{word}/releases/download/v{ver}/{word}-setup-x64.exe /{word}/{word}/archive/refs/tags/v{ver}.zip
/{word}/{word}/raw/main/install.sh /{word}/{word}/main/install.sh /{word}/{word}/-/merge_requests/{num} /{word}/{word}/actions/runs/{num} /{word}/{word}/commit/{hex40} /gist/{hex}
/download /downloads /download/{slug} /download/{word}-{ver}.zip /downloads/{word}-{ver}.exe /dist/{word}-{ver}-win64.msi /releases/{ver}/{word}-{ver}.dmg /files/{word}_{ver}_amd64.deb
/pub/{word}/{word}-{ver}.tar.gz /archive/{word}-{ver}.tar.xz /install.sh /setup.exe /{word}-installer.exe /get.ps1 /bootstrap.sh /dists/{word}/main/binary-amd64/Packages.gz /iso/{word}-{ver}-amd64.iso
/package/{word} /packages/{slug} /packages/{hex2}/{hex2}/{hex}/{word}-{ver}-py3-none-any.whl /project/{slug}/ /simple/{slug}/ /{word}/-/{word}-{ver}.tgz /crates/{slug} /gems/{slug} /artifact/{word}/{word}/{ver}
/maven2/org/{word}/{word}/{ver}/{word}-{ver}.jar /npm/{word}@{ver}/dist/{word}.min.js /ajax/libs/{word}/{ver}/{word}.min.js /gh/{word}/{word}@{ver}/{word}.css /v2/{word}/{word}/manifests/latest
/static/js/main.{hex8}.chunk.js /static/css/{word}.{hex8}.css /_next/static/chunks/{num}-{hex}.js /assets/{word}-{hex}.js /assets/img/{slug}.png /images/{slug}.jpg /images/logo.svg /img/{num}.webp /css/style.css?v={num}
/js/{word}.min.js?ver={ver} /wp-content/uploads/{year}/{month}/{slug}.jpg /wp-content/uploads/{year}/{month}/{slug}.pdf /wp-content/plugins/{slug}/style.css?ver={ver} /wp-includes/js/jquery/jquery.min.js?ver={ver}
/wp-content/themes/{word}/style.css /wp-admin/ /wp-login.php /wp-json/wp/v2/posts /sites/default/files/{year}-{month}/{slug}.pdf /media/{hex2}/{hex}.png /thumb/{hex2}/{word}.jpg/{num}px-{word}.jpg /uploads/{hex}.jpeg /cgi-bin/{word}.cgi
/fonts/{word}.woff2 /video/{num} /videos/{slug}.mp4 /podcast/{slug} /feed /feed.xml /rss /rss.xml /atom.xml /calendar/{year}/{month} /events/{slug}-{year} /maps/@{coord},{coord},15z /place/{slug} /jobs/{num} /careers/{slug}
/?p={num} /?id={num} /?lang=en /?ref={word} /?page_id={num} /?utm_source=newsletter&utm_medium=email&utm_campaign={slug} /?gclid={b64} /?fbclid={b64} /{slug}?utm_source={word}&utm_medium=social&utm_content={num}
/click?u={hex}&id={hex}&e={hex} /ls/click?upn={b64}{b64}{b64} /e/c/{b64} /c/{alnum}?data={b64}&sig={hex} /r/?id={hex},{hex} /track/click/{num}/{word}?p={b64} /redirect?url=https%3A%2F%2F{word}.example%2F{slug} /url?q=https://{word}.example/{slug}&sa=D
/collect?v=2&tid=G-{ALNUM}&cid={num}.{num}&dl={word} /pixel.gif?uid={uuid}&event={word} /beacon?t={num}&u={b64} /{word}/{uuid} /{uuid} /s/{alnum} /{alnum} /d/{b64}/edit?usp=sharing /file/d/{b64}/view /document/d/{b64}/edit#heading=h.{alnum}
/{word}/{word}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={num}&X-Amz-Signature={hex} /{word}/{word}.zip?sv={year}-11-02&sig={b64}&se={num} /{word}?Expires={num}&Signature={b64}&Key-Pair-Id={ALNUM} /{b64}={b64}/{word}.png
/abs/{digit}{digit}0{digit}.{num5} /pdf/{digit}{digit}0{digit}.{num5}.pdf /doi/10.{num}/{word}.{num} /10.{num}/{alnum} /pubmed/{num} /rfc/rfc{num}.txt /id/{num} /isbn/{num} /dataset/{slug} /records/{num} /handle/{num}/{num} /~{word}/ /~{word}/{word}.html
/content/dam/{word}/{slug}.pdf /content/{word}/us/en/home.html /us/en/{word}/{slug}.html /global/en/{slug} /intl/de_de/ /gb/{slug} /personal/{slug} /business/{slug} /online-banking /bank/accounts /cards/apply /branch-locator
""".split()  # noqa: SIM905
WORDS = """
access action album alpha analysis archive area atlas audio author autumn basic beach beta board bookmarks border bridge budget build calendar camera campus career castle
center channel charts chess choice city class client climate cloud club coffee color comment company compare cooking core course create culture daily data dealer demo
design desk details device digital direct doctor drive early easy editor energy engine event example family farm feature field film finance flow focus food forest form
forum frame fresh future gallery game garden general global golden green group guide health history home hotel house image impact index industry info insight island item journal
kitchen lab language large laser launch league learning legal level library light linear lines list local logic lunch machine main manager map market master matrix media member memory
menu method mobile model module monitor mountain movie museum music native nature network night north notes number object ocean office open option orange order origin overview
package page panel paper park partner people photo piano planet player point policy portal power practice press primary print process product profile program project public quality
quick radio random range reader recipe record region release report research resource review river road room sample school science screen search season section select series server service session
setup shared shop signal simple sketch small social society software solution sound source space spring stage standard start state station stock store story stream street studio style subject
summer sunrise system table team technology template theme theory thread ticket time tools topic tour town trade traffic training travel trends tutorial update user value vector version video view village
vision visit voice water weather web week welcome winter women wood world writing year yellow young zone anmeldung bericht bücher haus kunden nachrichten produkte seite über artikel recette voyage maison
produits actualites noticias productos servicios viaje cocina notizie prodotti ricette contatti noticia servicos produtos novosti tovary stati kontakty
""".split()  # noqa: SIM905


def _letters(alphabet: str, low: int, high: int) -> Callable[[random.Random], str]:
    return lambda rng: "".join(rng.choices(alphabet, k=rng.randint(low, high)))


def _slug(rng: random.Random) -> str:
    return "-".join(rng.choices(WORDS, k=rng.randint(2, 6)))


FIELDS: dict[str, Callable[[random.Random], str]] = {
    "word": lambda rng: rng.choice(WORDS),
    "Word": lambda rng: rng.choice(WORDS).capitalize(),
    "WORD": lambda rng: rng.choice(WORDS)[:4].upper(),
    "slug": _slug,
    "num": lambda rng: str(rng.randint(1, 10 ** rng.randint(1, 9))),
    "num5": lambda rng: f"{rng.randint(0, 99999):05d}",
    "digit": lambda rng: str(rng.randint(1, 9)),
    "year": lambda rng: str(rng.randint(2004, 2026)),
    "month": lambda rng: f"{rng.randint(1, 12):02d}",
    "day": lambda rng: f"{rng.randint(1, 28):02d}",
    "ver": lambda rng: f"{rng.randint(0, 12)}.{rng.randint(0, 30)}.{rng.randint(0, 9)}",
    "coord": lambda rng: f"{rng.uniform(-80, 80):.5f}",
    "hex": _letters("0123456789abcdef", 10, 40),
    "hex2": _letters("0123456789abcdef", 2, 2),
    "hex8": _letters("0123456789abcdef", 8, 8),
    "hex12": _letters("0123456789abcdef", 12, 12),
    "hex40": _letters("0123456789abcdef", 40, 40),
    "alnum": _letters(string.ascii_letters + string.digits, 5, 10),
    "alnum11": _letters(string.ascii_letters + string.digits + "_-", 11, 11),
    "ALNUM": _letters(string.ascii_uppercase + string.digits, 8, 10),
    "b64": _letters(string.ascii_letters + string.digits + "-_", 12, 60),
    "uuid": lambda rng: "-".join(_letters("0123456789abcdef", size, size)(rng) for size in (8, 4, 4, 4, 12)),
}


def ordinary_path(rng: random.Random) -> str:
    """A path, maybe with a query, such as any honest site may have."""
    pieces = rng.choice(TEMPLATES).split("{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}")
        filled.append(FIELDS[name](rng) + rest)
    return "".join(filled).partition("#")[0]

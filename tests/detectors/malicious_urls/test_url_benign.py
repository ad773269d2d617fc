"""Ordinary URLs that a guard must let pass: what developers, offices and shops paste all day."""

from __future__ import annotations

import pytest

from scangate.detectors.contract import CompiledDetector, Resources, Subject
from scangate.detectors.malicious_urls import SPEC
from scangate.detectors.malicious_urls.categories import malicious_categories
from scangate.detectors.malicious_urls.options import MaliciousUrlsOptions
from scangate.domain.content import Part
from scangate.domain.taxonomy import Action, PartKind, Side
from scangate.matching.prepare import prepare

BENIGN = """
http://localhost:3000/auth/callback?code=4f2d9c1e7b8a&state=xyz
http://127.0.0.1:8080/admin/login.php
http://[::1]:9000/metrics
https://192.0.2.10/setup.exe
http://198.51.100.7:8443/login
http://203.0.113.50/install.sh
http://10.0.0.5:32400/web/index.html
https://192.168.1.1/cgi-bin/luci/admin/network
http://172.16.4.20/wp-login.php
http://169.254.169.254/latest/meta-data/
http://8.8.8.8/
http://1.1.1.1/dns-query
http://intranet/wiki/Start
http://jenkins.corp.internal:8080/job/deploy/build?token=1234
https://git.company.lan/team/secure-login/-/merge_requests/17
http://printer.local:631/admin
https://vault.service.consul:8200/v1/secret/data/app
http://kubernetes.default.svc.cluster.local/api/v1/namespaces
https://example.com/account/verify?token=abc
https://login.example.org/secure/update-payment
https://paypal.example.com/webhook
https://api.example.net/v1/users/123e4567-e89b-12d3-a456-426614174000
https://www.google.com/search?q=how+to+reset+my+bank+account+password&oq=how+to+reset&sourceid=chrome&ie=UTF-8
https://accounts.google.com/o/oauth2/v2/auth?client_id=1234.apps.googleusercontent.com&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb&scope=openid
https://login.microsoftonline.com/common/oauth2/v2.0/authorize?client_id=00000003-0000-0000-c000-000000000000
https://www.paypal.com/signin?returnUri=https%3A%2F%2Fwww.paypal.com%2Fmyaccount
https://signin.aws.amazon.com/console?region=eu-west-1
https://github.com/login/oauth/authorize?client_id=abc&scope=repo
https://github.com/python/cpython/blob/main/Lib/json/decoder.py#L343
https://github.com/BurntSushi/ripgrep/releases/download/14.1.0/ripgrep-14.1.0-x86_64-pc-windows-msvc.zip
https://raw.githubusercontent.com/nvm-sh/nvm/v0.39.7/install.sh
https://gitlab.com/gitlab-org/gitlab/-/issues/1234
https://bitbucket.org/atlassian/aui/src/master/
https://codeberg.org/forgejo/forgejo/releases
https://sourceforge.net/projects/sevenzip/files/7-Zip/23.01/7z2301-x64.exe/download
https://gist.github.com/octocat/6cad326836d38bd3a7ae
https://downloads.apache.org/packages/1f/d3/5a2c0e7f8b9a/requests-2.31.0-py3-none-any.whl
https://www.nuget.org/packages/Newtonsoft.Json/13.0.3
https://repo1.maven.org/maven2/org/apache/commons/commons-lang3/3.14.0/commons-lang3-3.14.0.jar
https://hub.docker.com/r/library/nginx/tags?page=1&name=alpine
https://crates.io/crates/serde/1.0.197
https://pkg.go.dev/golang.org/x/crypto/bcrypt
https://rubygems.org/gems/rails/versions/7.1.3
https://packagist.org/packages/laravel/framework
https://cdn.jsdelivr.net/npm/bootstrap@5.3.2/dist/css/bootstrap.min.css
https://unpkg.com/react@18/umd/react.production.min.js
https://cdnjs.cloudflare.com/ajax/libs/jquery/3.7.1/jquery.min.js
https://fonts.googleapis.com/css2?family=Roboto:wght@400;700&display=swap
https://d1.awsstatic.com/whitepapers/aws-overview.pdf
https://d111111abcdef8.cloudfront.net/images/logo.png?Expires=1712345678&Signature=Ab1-Cd2~Ef3&Key-Pair-Id=K2JCJMDEHXQW5F
https://my-bucket.s3.eu-central-1.amazonaws.com/report.pdf?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAEXAMPLE%2F20240101%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Signature=4d1f3c0a9be277fd0a51c6e8f7d3b2a1
https://account.blob.core.windows.net/container/file.zip?sv=2022-11-02&st=2024-01-01T00%3A00%3A00Z&sig=abc%2Fdef%3D
https://storage.googleapis.com/download/storage/v1/b/bucket/o/file?alt=media
https://a248.e.akamai.net/f/248/static/app.js
https://www.amazon.de/gp/product/B08N5WRWNW/ref=ox_sc_act_title_1?smid=A3JWKAKR8XB7XF&psc=1
https://www.ebay.co.uk/itm/334567890123?hash=item4de5a6f7b8:g:abcAAOSw&amdata=enc%3AAQAIAAAA4
https://www.booking.com/hotel/de/example.en-gb.html?aid=304142&label=gen173nr-1FCAEoggI46AdIM1gEaDuIAQGYAQe4ARfIAQzYAQHoAQH4AQKIAgGoAgO4Ap
https://newsletter.company.com/e/c/eyJlbWFpbF9pZCI6IjEyMzQ1Njc4OTAifQ?utm_source=newsletter&utm_medium=email&utm_campaign=spring-sale
https://www.linkedin.com/in/jane-doe-123456/?originalSubdomain=de&trk=public_profile
https://www.youtube.com/watch?v=dQw4w9WgXcQ&list=PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf&index=2
https://x.com/nasa/status/1750000000000000000?s=20&t=AbCdEfGhIjKlMnOpQrStUv
https://www.facebook.com/sharer/sharer.php?u=https%3A%2F%2Fexample.com%2Farticle
https://t.me/durov/1
https://wa.me/491711234567?text=Hallo
https://discord.com/channels/123456789012345678/123456789012345679
https://zoom.us/j/98765432101?pwd=QWJjZGVmZ2hpamtsbW5vcHFyc3R1dg
https://teams.microsoft.com/l/meetup-join/19%3ameeting_MjAx%40thread.v2/0?context=%7b%22Tid%22%3a%22abc%22%7d
https://meet.google.com/abc-defg-hij
https://docs.google.com/spreadsheets/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms/edit#gid=0
https://drive.google.com/file/d/0B1aBcDeFgHiJkLmNoPqRsTuVwXyZ/view?usp=sharing
https://www.dropbox.com/s/abcdef123456/report.pdf?dl=0
https://company.sharepoint.com/:x:/r/sites/finance/_layouts/15/Doc.aspx?sourcedoc=%7B12345678-1234-1234-1234-123456789012%7D
https://mycompany.atlassian.net/browse/SEC-1234?focusedCommentId=5678
https://company.zendesk.com/hc/en-us/articles/360012345678-How-to-reset-your-password
https://stackoverflow.com/questions/11227809/why-is-processing-a-sorted-array-faster-than-processing-an-unsorted-array
https://security.stackexchange.com/questions/211/how-to-securely-hash-passwords
https://en.wikipedia.org/wiki/Phishing
https://de.wikipedia.org/wiki/Sicherheitslücke
https://ja.wikipedia.org/wiki/%E3%83%95%E3%82%A3%E3%83%83%E3%82%B7%E3%83%B3%E3%82%B0
https://www.virustotal.com/gui/file/275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f
https://nvd.nist.gov/vuln/detail/CVE-2021-44228
https://attack.mitre.org/techniques/T1566/002/
https://www.cisa.gov/news-events/cybersecurity-advisories/aa23-347a
https://owasp.org/www-project-top-ten/
https://haveibeenpwned.com/Passwords
https://www.bsi.bund.de/DE/Themen/Verbraucherinnen-und-Verbraucher/Cyber-Sicherheitslage/methoden/phishing_node.html
https://arxiv.org/abs/2302.12173
https://doi.org/10.1145/3586030.3586055
https://www.nature.com/articles/s41586-023-06291-2.pdf
https://pubmed.ncbi.nlm.nih.gov/37253966/?format=abstract
https://www.bbc.co.uk/news/technology-67890123
https://www.spiegel.de/netzwelt/web/phishing-wie-betrueger-vorgehen-a-12345678-0001-0001-0000-000000000000
https://www.lemonde.fr/pixels/article/2024/01/15/fuite-de-donnees_6210987_4408996.html
https://elpais.com/tecnologia/2024-02-10/como-evitar-una-estafa.html
https://www.nytimes.com/2024/03/01/technology/ai-chatbots.html?smid=nytcore-ios-share
https://news.ycombinator.com/item?id=39000000
https://www.sparkasse.de/service/sicherheit-im-internet.html
https://www.deutsche-bank.de/pk/lp/login.html
https://www.santander.co.uk/personal/support/fraud-and-security
https://www.chase.com/digital/login-help
https://online.citi.com/US/login.do
https://tools.usps.com/go/TrackConfirmAction?tLabels=9400100000000000000000
https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?piececode=00340434161094042557
https://www.fedex.com/fedextrack/?trknbr=123456789012
https://www.gov.uk/check-vehicle-tax
https://www.irs.gov/refunds
https://www.impots.gouv.fr/accueil
https://www.netflix.com/browse/genre/83
https://store.steampowered.com/app/730/CounterStrike_2/
https://support.apple.com/de-de/HT204074
https://learn.microsoft.com/en-us/powershell/module/microsoft.powershell.utility/invoke-webrequest?view=powershell-7.4
https://developer.mozilla.org/en-US/docs/Web/HTTP/Headers/Content-Security-Policy
https://kubernetes.io/docs/concepts/configuration/secret/
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html
https://www.postgresql.org/docs/current/auth-password.html
https://wordpress.org/plugins/two-factor/
https://blog.cloudflare.com/2022-07-sms-phishing-attacks/
https://krebsonsecurity.com/2024/01/scam-tactics/
https://www.tagesschau.de/inland/regional/index.html
https://www.bahn.de/buchung/fahrplan/suche#sts=true&so=Berlin%20Hbf&zo=M%C3%BCnchen
https://www.ikea.com/de/de/p/billy-buecherregal-weiss-00263850/
https://www.otto.de/p/produkt-S0A1B2C3/#variationId=123456789
https://openai.com/research/gpt-4
https://huggingface.co/meta-llama/Llama-3.1-8B-Instruct/resolve/main/config.json?download=true
https://chat.openai.com/share/12345678-1234-1234-1234-123456789012
https://www.kaggle.com/datasets/shashwatwork/web-page-phishing-detection-dataset
https://web.archive.org/web/20240101000000*/example.com
https://bit.ly/3abcdEF
https://youtu.be/dQw4w9WgXcQ
https://maps.app.goo.gl/AbCdEfGh12345678
https://letsencrypt.org/docs/challenge-types/
https://download.docker.com/linux/ubuntu/dists/jammy/pool/stable/amd64/containerd.io_1.6.24-1_amd64.deb
https://releases.ubuntu.com/22.04/ubuntu-22.04.3-desktop-amd64.iso
https://www.python.org/ftp/python/3.12.1/python-3.12.1-amd64.exe
https://dl.google.com/chrome/install/ChromeStandaloneSetup64.exe
https://the.earth.li/~sgtatham/putty/latest/w64/putty-64bit-0.80-installer.msi
https://get.helm.sh/helm-v3.14.0-linux-amd64.tar.gz
https://sh.rustup.rs
https://www.uni-heidelberg.de/de/studium/bewerbung-einschreibung
https://www.u-tokyo.ac.jp/ja/admissions/index.html
https://www.unicamp.br/unicamp/cursos/
https://www.mos.ru/services/login/
https://www.gosuslugi.ru/help/faq/login_gosuslugi
https://www.baidu.com/s?wd=%E9%92%93%E9%B1%BC%E7%BD%91%E7%AB%99
https://item.jd.com/100012043978.html
https://w3c.github.io/ServiceWorker/
https://webassembly.github.io/spec/core/text/
https://mmmu-benchmark.github.io/
https://argon2-cffi.readthedocs.io/en/stable/
https://google.github.io/styleguide/pyguide.html
https://pages.gitlab.io/
https://4.8.8.8.ip6.arpa/
https://www.tcl.tk/man/tcl8.6/TkCmd/text.htm
""".split()  # noqa: SIM905


@pytest.fixture(scope="module")
def detector() -> CompiledDetector:
    options = MaliciousUrlsOptions(action=Action.BLOCK, default=tuple(sorted(malicious_categories())))
    return SPEC.compile(options, Resources())


def test_there_are_many() -> None:
    assert len(BENIGN) >= 130


@pytest.mark.parametrize("text", ["{url}", "Please look at {url} today.", "[docs]({url})", '{{"link": "{url}", "ok": true}}'])
@pytest.mark.parametrize("url", BENIGN)
def test_an_ordinary_url_passes(detector: CompiledDetector, url: str, text: str) -> None:
    part = Part(Side.PROMPT, PartKind.TEXT, text.format(url=url))
    findings = detector.detect(Subject(part, prepare(part.text)))
    assert [finding for finding in findings if finding.flagged] == []

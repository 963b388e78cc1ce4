//! Reads RSS and Atom: feeds of arXiv, of journals, of the Daily Papers.

use crate::formats::common::input::InputReader;
use crate::formats::common::xml::{self, XmlDialect, XmlElement, XmlRecords};
use crate::formats::feeds::base_url::BaseUrl;
use crate::formats::feeds::description::ItemText;
use crate::formats::feeds::item::{FeedItem, reference, split_names};
use crate::formats::input_format::InputFormat;
use crate::formats::reference::{RecordIter, RecordNotes};
use crate::text::markup::MarkupRule;

const KIND: XmlDialect = XmlDialect {
    what: "a news feed",
    expected: "RSS with items or Atom with entries",
    roots: &["rss", "feed", "RDF"],
    records: &["item", "entry"],
    beside: &["link"],
};

/// Where an item has its text, the best first.
const TEXTS: [&str; 4] = ["description", "summary", "encoded", "content"];
/// Where an item has its day, the best first.
const DAYS: [&str; 7] = ["published", "pubDate", "date", "issued", "publicationDate", "created", "updated"];

pub(crate) fn read(input: InputReader) -> RecordIter {
    let mut feed = FeedBase { document: BaseUrl::of_document(input.name()), ..FeedBase::default() };
    let mut items = xml::XmlRecords::new(input, KIND);
    Box::new(std::iter::from_fn(move || {
        loop {
            let (item, position) = match items.record() {
                Ok(item) => item?,
                Err(error) => return Some(Err(error)),
            };
            match item {
                Ok(link) if link.name() == "link" => feed.take(&link),
                item => {
                    let reference = item.map(|item| reference(feed_item(&item, &feed.of_item(&item, &items))));
                    return Some(items.input().found_record(reference, position));
                }
            }
        }
    }))
}

/// What the addresses of a feed are relative to.
#[derive(Default)]
struct FeedBase {
    /// Where the feed was fetched.
    document: BaseUrl,
    /// The page that the feed is of: of RSS the channel's link.
    page: BaseUrl,
    /// The address of the feed, as it says itself.
    own: BaseUrl,
}

impl FeedBase {
    /// Takes a link of the feed itself.
    fn take(&mut self, link: &XmlElement) {
        match (link.attribute("href"), link.attribute("rel")) {
            (Some(address), Some("self")) => self.own.set_unless_known(address),
            (Some(address), None | Some("alternate")) => self.page.set_unless_known(address),
            (Some(_), Some(_)) => {}
            (None, _) => self.page.set_unless_known(&link.text()),
        }
    }

    /// Returns the base of an item: the innermost `xml:base`; without one, of Atom the feed's address, of RSS the address
    /// of its page.
    fn of_item(&self, item: &XmlElement, items: &XmlRecords) -> BaseUrl {
        let order = match item.name() {
            "entry" => [&self.document, &self.own, &self.page],
            _ => [&self.page, &self.document, &self.own],
        };
        let known = order.into_iter().find(|base| base.is_known()).cloned().unwrap_or_default();
        items.bases().chain(item.attribute("base")).fold(known, |base, within| base.within(within))
    }
}

fn feed_item(item: &XmlElement, base: &BaseUrl) -> FeedItem {
    let mut notes = RecordNotes::default();
    let guid = item.at(&["guid"]);
    // FeedBurner has its own address as the link.
    let linked = item.all("origLink").chain(item.all("link"));
    let linked = linked.filter(|link| link.attribute("rel").is_none_or(|rel| rel == "alternate"));
    // A guid is an address unless it says otherwise (RSS 2.0).
    let permanent = guid.filter(|guid| guid.attribute("isPermaLink") != Some("false") && guid.text().contains("://"));
    let linked = linked.chain(permanent).map(|link| {
        let base = link.attribute("base").map_or_else(|| base.clone(), |within| base.within(within));
        (base, link.attribute("href").map_or_else(|| link.text(), str::to_owned))
    });
    let link = linked.into_iter().find(|(_, address)| !address.trim().is_empty());
    let url = link.as_ref().map(|(base, address)| base.resolved(address));
    if url.is_some() {
        notes.origin("url", "link");
    }
    let named = ["guid", "id", "doi", "DOI", "identifier"].iter().map(|name| item.text_at(&[name]));
    let names = link.into_iter().map(|(_, address)| address).chain(url.clone()).chain(named).collect();
    let categories = item.all("category").map(|term| term.attribute("term").map_or_else(|| term.text(), str::to_owned));
    let creators = item.all("creator").map(XmlElement::text);
    let people = item.all("author").chain(item.all("contributor")).map(|author| {
        let name = author.text_at(&["name"]);
        if name.is_empty() { name_in_parentheses(&author.text()) } else { name }
    });
    let description = TEXTS.iter().find_map(|name| Some((*name, text_of(item, name, MarkupRule::Html)?)));
    if let Some((name, _)) = &description {
        notes.origin("abstract", *name);
    }
    let title = text_of(item, "title", MarkupRule::Inline);
    if title.is_some() {
        notes.origin("title", "title");
    }
    FeedItem {
        title: title.map(|ItemText { text, rule }| rule.text(&text).into_owned()).unwrap_or_default(),
        guid: guid_of(item, base).or_else(|| url.clone()).unwrap_or_default(),
        names,
        url,
        description: description.map(|(_, text)| text).unwrap_or_default(),
        authors: notes.list("authors", "author", split_names(creators.chain(people))),
        days: item.texts(&DAYS).collect(),
        categories: categories.map(|category| MarkupRule::Inline.text(&category).into_owned()).collect(),
        format: InputFormat::Feed.source(),
        notes,
    }
}

/// A text of an item, if it has one. In Atom an attribute says what is markup in it (RFC 4287, 3.1.1); RSS does not say,
/// and `of_rss` is what its readers assume.
fn text_of(item: &XmlElement, name: &str, of_rss: MarkupRule) -> Option<ItemText> {
    let element = item.at(&[name])?;
    let text = element.text();
    let kind = element.attribute("type").map(str::to_ascii_lowercase);
    let rule = match (item.name(), kind.as_deref()) {
        ("entry", Some("html" | "text/html")) => MarkupRule::Html,
        // Elements of XHTML are no text already.
        ("entry", _) => MarkupRule::Plain,
        _ => of_rss,
    };
    (!text.trim().is_empty()).then_some(ItemText { text, rule })
}

/// What a feed names an item by: the whole world knows addresses and URNs, other names are those of one feed.
fn guid_of(item: &XmlElement, base: &BaseUrl) -> Option<String> {
    let named = ["guid", "id"].iter().map(|name| item.text_at(&[name]).trim().to_owned());
    let name = named.chain(item.attribute("about").map(str::to_owned)).find(|name| !name.is_empty())?;
    match name.contains(':') {
        true => Some(name),
        false => Some(base.resolved(&format!("#{name}"))),
    }
}

/// Returns the name in `mail@example.org (Ann Lee)`, as RSS has authors.
fn name_in_parentheses(author: &str) -> String {
    let within = author.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
    within.map_or(author, |(name, _)| name).to_owned()
}

#[cfg(test)]
mod tests {
    use crate::formats::tests::{fixture, summaries};
    use crate::formats::{InputFormat, read, read_references};

    fn check(format: InputFormat, text: &str, expect: &[&str]) {
        let found = summaries(read(std::io::Cursor::new(text.to_owned()), "x", Some(format)));
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn damage_costs_the_item_that_it_is_in() {
        let unclosed = |name: &str| format!("x, record 1: damaged XML: `<{name}>` is not closed");
        for (item, expect) in [
            ("<item><title>One <b>bold</title></item>", unclosed("b")),
            ("<item><title>One</item>", unclosed("title")),
            ("<item><title>One</title>", unclosed("item")),
            ("<item><title>One", unclosed("item")),
            ("<item><title>One</b></title></item>", "x, record 1: damaged XML: `</b>` closes nothing".to_owned()),
            (
                "<item><title>A &bomb; x</title></item>",
                "x, record 1: unknown entity `&bomb;`: use the character itself".to_owned(),
            ),
            ("<item><title>A &lamp; x</title></item>", "title=A lamp light x".to_owned()),
        ] {
            let types = "<!DOCTYPE rss [<!ENTITY lamp \"lamp light\"><!ENTITY bomb \"&lamp;&lamp;\">]>";
            let text = format!("{types}<rss><channel>{item}<item><title>Two</title></item></channel></rss>");
            let found = summaries(read(std::io::Cursor::new(text), "x", None));
            assert_eq!(found, [expect.as_str(), "title=Two"], "{item}");
        }
    }

    #[test]
    fn feeds() {
        insta::assert_snapshot!(fixture("feed.rss").join("\n"));
        insta::assert_snapshot!(fixture("feed.atom").join("\n"));
        insta::assert_snapshot!(fixture("feed.json").join("\n"));
    }

    /// An item of RSS and an entry of Atom, within a feed of each.
    fn feeds_of(item: &str, entry: &str) -> [Vec<String>; 2] {
        let rss = format!("<rss><channel><link>https://example.org/journal/</link><item>{item}</item></channel></rss>");
        let atom = format!("<feed xml:base='https://example.org/journal/'><entry>{entry}</entry></feed>");
        [rss, atom].map(|text| summaries(read(std::io::Cursor::new(text), "x", Some(InputFormat::Feed))))
    }

    #[test]
    fn what_is_markup() {
        for (markup, of_rss, of_atom) in [
            ("Containers of &lt;T&gt; in lamps", "Containers of <T> in lamps", "Containers of <T> in lamps"),
            ("H&lt;sub&gt;2&lt;/sub&gt;O &amp;amp; more", "H2O & more", "H<sub>2</sub>O &amp; more"),
            ("<![CDATA[H<sub>2</sub>O &amp; more]]>", "H2O & more", "H<sub>2</sub>O &amp; more"),
            ("p&lt;q and q&gt;3", "p<q and q>3", "p<q and q>3"),
            ("AT&T & more", "AT&T & more", "AT&T & more"),
            ("H&amp;lt;sub&amp;gt;2&amp;lt;/sub&amp;gt;O", "H2O", "H&lt;sub&gt;2&lt;/sub&gt;O"),
        ] {
            let item = format!("<title>{markup}</title><description>{markup}</description>");
            let entry = format!("<title>{markup}</title><summary>{markup}</summary>");
            let [rss, atom] = feeds_of(&item, &entry);
            assert_eq!(rss, [format!("title={of_rss} | abstract={of_rss}")], "{markup}");
            assert_eq!(atom, [format!("title={of_atom} | abstract={of_atom}")], "{markup}");
            let entry = entry.replace("<title>", "<title type='text'>");
            assert_eq!(feeds_of("<title>x</title>", &entry)[1], [format!("title={of_atom} | abstract={of_atom}")]);
            let entry = entry
                .replace("<title type='text'>", "<title type='html'>")
                .replace("<summary>", "<summary type='html'>");
            assert_eq!(feeds_of("<title>x</title>", &entry)[1], [format!("title={of_rss} | abstract={of_rss}")]);
        }
        let xhtml = "<title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>H<sub>2</sub>O &amp;amp; &lt;i></div></title>\
                     <content type='xhtml'><div><p>One.</p><p>Two <b>words</b>.<br/>Three.</p></div></content>";
        let expect = "title=H2O &amp; <i> | abstract=One. Two words. Three.";
        assert_eq!(feeds_of("<title>x</title>", xhtml)[1], [expect]);
    }

    #[test]
    fn addresses_are_whole() {
        for (item, entry, expect) in [
            ("<link>a/1.html</link>", "<link href='a/1.html'/>", "https://example.org/journal/a/1.html"),
            ("<link>/articles/2.html</link>", "<link href='/articles/2.html'/>", "https://example.org/articles/2.html"),
            (
                "<link><![CDATA[//www.example.org/a title]]></link>",
                "<link href='//www.example.org/a title'/>",
                "https://www.example.org/a%20title",
            ),
            (
                "<link/><guid>https://example.org/4</guid>",
                "<link rel='self' href='s'/><link rel='alternate' xml:base='/x/' href='../4'/>",
                "https://example.org/4",
            ),
        ] {
            for found in feeds_of(&format!("<title>A</title>{item}"), &format!("<title>A</title>{entry}")) {
                assert_eq!(found, [format!("title=A | url={expect}")], "{item}");
            }
        }
        let found =
            |text: &'static str, name| summaries(read(std::io::Cursor::new(text), name, Some(InputFormat::Feed)));
        let atom = "<feed><link rel='self' href='https://example.org/feeds/own'/><entry><title>A</title><link href='1'/></entry></feed>";
        assert_eq!(found(atom, "x.atom"), ["title=A | url=https://example.org/feeds/1"]);
        assert_eq!(found(atom, "https://example.com/fetched"), ["title=A | url=https://example.com/1"]);
        let rdf = "<rdf:RDF><channel><link>https://example.org/j/</link></channel><image><link>https://example.org/i/</link></image>\
                   <item><title>A</title><link>1</link></item></rdf:RDF>";
        assert_eq!(found(rdf, "x.rss"), ["title=A | url=https://example.org/j/1"]);
    }

    #[test]
    fn items_of_programs() {
        for (program, item, expect) in [
            (
                "FeedBurner",
                "<title>A</title><link>https://feeds.example.com/~r/j/1</link>\
                 <feedburner:origLink>https://example.org/1</feedburner:origLink>",
                "title=A | url=https://example.org/1",
            ),
            (
                "arXiv",
                "<title>Of Schr\\\"odinger's $x_1$</title><link>https://arxiv.org/abs/2401.90001</link>\
                 <description>arXiv:2401.90001v1 Announce Type: new \nAbstract: We prove $a&lt;b$.</description>\
                 <pubDate>Tue, 02 Jan 2024 00:00:00 -0500</pubDate><dc:creator>Ada Oak, Ben Elm</dc:creator>",
                "id=2401.90001 | title=Of Schrödinger's $x_1$ | abstract=We prove $a<b$. | authors=Ada Oak; Ben Elm | \
                 published=2024-01-02 | url=https://arxiv.org/abs/2401.90001",
            ),
            (
                "arXiv, a replacement",
                "<title>A</title><link>https://arxiv.org/abs/2401.90001</link><pubDate>Tue, 02 Jan 2024 00:00:00 -0500</pubDate>\
                 <description>arXiv:2401.90001v2 Announce Type: replace \nAbstract: B.</description>",
                "id=2401.90001 | title=A | abstract=B. | url=https://arxiv.org/abs/2401.90001",
            ),
            (
                "arXiv, until 2024",
                "<title>A lamp. (arXiv:2001.90001v1 [cs.CL])</title><link>http://arxiv.org/abs/2001.90001</link>\
                 <description>&lt;p&gt;We light.&lt;/p&gt;</description>\
                 <dc:creator>&lt;a href=\"http://arxiv.org/a/oak\"&gt;Ada Oak&lt;/a&gt;, &lt;a href=\"x\"&gt;Ben Elm&lt;/a&gt;</dc:creator>",
                "id=2001.90001 | title=A lamp | abstract=We light. | authors=Ada Oak; Ben Elm | \
                 url=http://arxiv.org/abs/2001.90001",
            ),
            (
                "ScienceDirect",
                "<title>A</title><link>https://example.org/science/1</link><description><![CDATA[<p>Publication date: May 2020</p>\
                 <p><b>Source:</b> Lamps, Volume 1</p><p>Author(s): Ada Oak, Ben Elm</p>]]></description>",
                "title=A | authors=Ada Oak; Ben Elm | published=2020-05-01 | url=https://example.org/science/1",
            ),
        ] {
            assert_eq!(feeds_of(item, "<title>x</title>")[0], [expect], "{program}");
        }
    }

    #[test]
    fn what_names_an_item() {
        for (item, expect) in [
            (
                "<guid isPermaLink='false'>tag:example.org,2020:5</guid><link>https://example.org/5</link>",
                "tag:example.org,2020:5",
            ),
            ("<guid>5</guid><link>https://example.org/5</link>", "https://example.org/journal/#5"),
            ("<link>5</link>", "https://example.org/journal/5"),
            ("<description>No name.</description>", ""),
        ] {
            let text = format!(
                "<rss><channel><link>https://example.org/journal/</link><item><title>A</title>{item}</item></channel></rss>"
            );
            let mut found = read_references(std::io::Cursor::new(text), "x", Some(InputFormat::Feed)).unwrap();
            let raw_paper = found.next().unwrap().unwrap().raw_paper;
            assert_eq!((raw_paper.guid.as_str(), raw_paper.container.as_str()), (expect, ""), "{item}");
        }
    }

    #[test]
    fn other_files() {
        check(
            InputFormat::Feed,
            "<html></html>",
            &["x: not a news feed: expected RSS with items or Atom with entries"],
        );
        check(InputFormat::JsonFeed, "{\"a\": 1}", &["x: not a JSON Feed: expected an object with `items`"]);
        check(
            InputFormat::JsonFeed,
            "{\"items\": [1, {\"title\": \"A\"}]}",
            &["x, record 1: not a feed item: expected a JSON object", "title=A"],
        );
        check(InputFormat::Feed, "<rss><channel><item/></channel></rss>", &["x, record 1: no title and no abstract"]);
        check(
            InputFormat::Feed,
            "<rss><channel><link>https://example.org/</link><item><title>&nobody;</title></item></channel></rss>",
            &["x, record 1: unknown entity `&nobody;`: use the character itself"],
        );
    }
}

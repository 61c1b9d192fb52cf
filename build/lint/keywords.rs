//! What OpenAPI 3.0.3 lets each kind of object say, and what of it this build refuses.
//!
//! This is an allow-list. The parser behind the generator ignores what it does not know, so that a `nulable` would
//! make a client that is wrong without a word.

/// A kind of object in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Document,
    Info,
    Contact,
    License,
    Server,
    ServerVariable,
    Components,
    PathItem,
    Operation,
    Parameter,
    RequestBody,
    MediaType,
    Response,
    Header,
    Example,
    Schema,
    SecurityScheme,
    Tag,
    ExternalDocs,
}

/// What the value of a keyword must be.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    Text,
    Flag,
    Count,
    Number,
    /// A list of texts.
    Texts,
    /// A list of anything.
    Values,
    /// Anything at all, such as an example.
    Any,
    /// One object of a kind.
    One(Kind),
    /// A list of objects of a kind.
    Many(Kind),
    /// A mapping from names to objects of a kind.
    Named(Kind),
    /// `true`, `false` or an object of a kind.
    FlagOr(Kind),
}

/// How a keyword is taken.
#[derive(Clone, Copy, Debug)]
pub enum Use {
    May(Shape),
    Must(Shape),
    /// OpenAPI has it, this build refuses it, and this is why.
    Refused(&'static str),
}

/// A keyword and how it is taken.
pub type Keyword = (&'static str, Use);

use Kind::*;
use Shape::{Any, Count, Flag, FlagOr, Many, Named, Number, One, Text, Texts, Values};
use Use::{May, Must, Refused};

const IGNORED: &str = "the generator ignores it, so the client would not do what it says; remove it";

impl Kind {
    /// The kind in words, with an article.
    pub fn in_words(self) -> &'static str {
        match self {
            Document => "the document",
            Info => "`info`",
            Contact => "a contact",
            License => "a license",
            Server => "a server",
            ServerVariable => "a server variable",
            Components => "`components`",
            PathItem => "a path",
            Operation => "an operation",
            Parameter => "a parameter",
            RequestBody => "a request body",
            MediaType => "a media type",
            Response => "a response",
            Header => "a header",
            Example => "an example",
            Schema => "a schema",
            SecurityScheme => "a security scheme",
            Tag => "a tag",
            ExternalDocs => "external documentation",
        }
    }

    /// The part of `components` that a `$ref` in the place of this kind must lead to, if there may be one.
    pub fn section(self) -> Option<&'static str> {
        match self {
            Parameter => Some("parameters"),
            RequestBody => Some("requestBodies"),
            Response => Some("responses"),
            Header => Some("headers"),
            Example => Some("examples"),
            Schema => Some("schemas"),
            _ => None,
        }
    }

    /// All that an object of this kind can say; beside that, extensions (`x-…`).
    pub fn keywords(self) -> &'static [Keyword] {
        match self {
            Document => DOCUMENT,
            Info => INFO,
            Contact => &[("name", May(Text)), ("url", May(Text)), ("email", May(Text))],
            License => &[("name", Must(Text)), ("url", May(Text))],
            Server => SERVER,
            ServerVariable => SERVER_VARIABLE,
            Components => COMPONENTS,
            PathItem => PATH_ITEM,
            Operation => OPERATION,
            Parameter => PARAMETER,
            RequestBody => REQUEST_BODY,
            MediaType => MEDIA_TYPE,
            Response => RESPONSE,
            Header => HEADER,
            Example => EXAMPLE,
            Schema => SCHEMA,
            SecurityScheme => SECURITY_SCHEME,
            Tag => TAG,
            ExternalDocs => &[("description", May(Text)), ("url", Must(Text))],
        }
    }
}

const DOCUMENT: &[Keyword] = &[
    ("openapi", Must(Text)),
    ("info", Must(One(Info))),
    // OpenAPI does not ask for it; the client's base URL comes from it.
    ("servers", Must(Many(Server))),
    ("paths", Must(Named(PathItem))),
    ("components", May(One(Components))),
    ("security", May(Values)),
    ("tags", May(Many(Tag))),
    ("externalDocs", May(One(ExternalDocs))),
];

const INFO: &[Keyword] = &[
    ("title", Must(Text)),
    ("version", Must(Text)),
    ("description", May(Text)),
    ("termsOfService", May(Text)),
    ("contact", May(One(Contact))),
    ("license", May(One(License))),
];

const SERVER: &[Keyword] =
    &[("url", Must(Text)), ("description", May(Text)), ("variables", May(Named(ServerVariable)))];

const SERVER_VARIABLE: &[Keyword] = &[("enum", May(Texts)), ("default", Must(Text)), ("description", May(Text))];

const COMPONENTS: &[Keyword] = &[
    ("schemas", May(Named(Schema))),
    ("responses", May(Named(Response))),
    ("parameters", May(Named(Parameter))),
    ("examples", May(Named(Example))),
    ("requestBodies", May(Named(RequestBody))),
    ("headers", May(Named(Header))),
    ("securitySchemes", May(Named(SecurityScheme))),
    ("links", Refused(IGNORED)),
    ("callbacks", Refused(IGNORED)),
];

const PATH_ITEM: &[Keyword] = &[
    ("$ref", Refused("the generator can't follow it; write the path out")),
    ("summary", May(Text)),
    ("description", May(Text)),
    ("get", May(One(Operation))),
    ("put", May(One(Operation))),
    ("post", May(One(Operation))),
    ("delete", May(One(Operation))),
    ("options", May(One(Operation))),
    ("head", May(One(Operation))),
    ("patch", May(One(Operation))),
    ("trace", May(One(Operation))),
    // A path with servers of its own is described and not generated; see `generate.rs`.
    ("servers", May(Many(Server))),
    ("parameters", May(Many(Parameter))),
];

const OPERATION: &[Keyword] = &[
    ("operationId", Must(Text)),
    ("tags", May(Texts)),
    ("summary", May(Text)),
    ("description", May(Text)),
    ("externalDocs", May(One(ExternalDocs))),
    ("parameters", May(Many(Parameter))),
    ("requestBody", May(One(RequestBody))),
    // The keys are statuses; `operations.rs` looks at them.
    ("responses", Must(Named(Response))),
    ("callbacks", Refused(IGNORED)),
    ("deprecated", May(Flag)),
    ("security", May(Values)),
    ("servers", Refused("the client has one base URL; give the whole path servers of its own")),
];

const PARAMETER: &[Keyword] = &[
    ("name", Must(Text)),
    ("in", Must(Text)),
    ("description", May(Text)),
    ("required", May(Flag)),
    ("deprecated", May(Flag)),
    ("style", May(Text)),
    ("schema", Must(One(Schema))),
    ("example", May(Any)),
    ("examples", May(Named(Example))),
    ("allowEmptyValue", Refused(IGNORED)),
    ("explode", Refused(IGNORED)),
    ("allowReserved", Refused(IGNORED)),
    ("content", Refused("the generator can't encode it; use `schema`")),
];

const REQUEST_BODY: &[Keyword] =
    &[("description", May(Text)), ("content", Must(Named(MediaType))), ("required", May(Flag))];

const MEDIA_TYPE: &[Keyword] = &[
    ("schema", Must(One(Schema))),
    ("example", May(Any)),
    ("examples", May(Named(Example))),
    ("encoding", Refused("the generator panics at it; remove it")),
];

const RESPONSE: &[Keyword] = &[
    ("description", Must(Text)),
    ("headers", May(Named(Header))),
    ("content", May(Named(MediaType))),
    ("links", Refused(IGNORED)),
];

const HEADER: &[Keyword] = &[
    ("description", May(Text)),
    ("required", May(Flag)),
    ("deprecated", May(Flag)),
    ("style", May(Text)),
    ("schema", Must(One(Schema))),
    ("example", May(Any)),
    ("examples", May(Named(Example))),
    ("explode", Refused(IGNORED)),
    ("content", Refused("use `schema`")),
];

const EXAMPLE: &[Keyword] = &[
    ("summary", May(Text)),
    ("description", May(Text)),
    ("value", Must(Any)),
    ("externalValue", Refused("no test reads it; write the example into `value`")),
];

const SCHEMA: &[Keyword] = &[
    ("type", May(Text)),
    ("format", May(Text)),
    ("description", May(Text)),
    ("nullable", May(Flag)),
    ("enum", May(Values)),
    ("default", May(Any)),
    ("example", May(Any)),
    ("deprecated", May(Flag)),
    ("readOnly", May(Flag)),
    ("writeOnly", May(Flag)),
    ("properties", May(Named(Schema))),
    ("required", May(Texts)),
    ("additionalProperties", May(FlagOr(Schema))),
    ("minProperties", May(Count)),
    ("maxProperties", May(Count)),
    ("items", May(One(Schema))),
    ("minItems", May(Count)),
    ("maxItems", May(Count)),
    ("uniqueItems", May(Flag)),
    ("minLength", May(Count)),
    ("maxLength", May(Count)),
    (
        "pattern",
        Refused("the generated type would need the crate `regress`; say it in the description and check it in src/"),
    ),
    ("minimum", May(Number)),
    ("maximum", May(Number)),
    ("exclusiveMinimum", May(Flag)),
    ("exclusiveMaximum", May(Flag)),
    ("multipleOf", May(Number)),
    ("allOf", May(Many(Schema))),
    ("oneOf", May(Many(Schema))),
    ("anyOf", May(Many(Schema))),
    ("externalDocs", May(One(ExternalDocs))),
    ("not", Refused("the generator can't express it; say in words what is excluded")),
    ("title", Refused("it would rename the generated type; name the schema under `components` instead")),
    ("discriminator", Refused(IGNORED)),
    ("xml", Refused(IGNORED)),
];

const SECURITY_SCHEME: &[Keyword] = &[
    ("type", Must(Text)),
    ("description", May(Text)),
    ("name", May(Text)),
    ("in", May(Text)),
    ("scheme", May(Text)),
    ("bearerFormat", May(Text)),
    ("flows", May(Any)),
    ("openIdConnectUrl", May(Text)),
];

const TAG: &[Keyword] = &[("name", Must(Text)), ("description", May(Text)), ("externalDocs", May(One(ExternalDocs)))];

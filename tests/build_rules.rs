//! What the build refuses, in the very words, and what it makes of the five documents.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "../build/mod.rs"]
mod build;

use std::fs;
use std::path::{Path, PathBuf};

const SAMPLE: &str = include_str!("build/sample.yaml");

/// The lines that a document fails the build with.
fn faults(text: &str) -> Vec<String> {
    match build::compile("sample.yaml", text) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.iter().map(|it| it.in_file("sample.yaml")).collect(),
    }
}

/// The first place of `from` in the sample, replaced.
fn changed(from: &str, to: &str) -> String {
    assert!(SAMPLE.contains(from), "not in the sample: {from}");
    SAMPLE.replacen(from, to, 1)
}

/// Documents by the names of their files.
fn documents() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the documents are there")
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "yaml"))
        .collect();
    paths.sort();
    let read = |path: PathBuf| {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        (stem, fs::read_to_string(path).unwrap())
    };
    paths.into_iter().map(read).collect()
}

fn generated(stem: &str, text: &str) -> String {
    build::compile(&format!("openapi/{stem}.yaml"), text).unwrap_or_else(|faults| panic!("{stem}: {faults:#?}"))
}

/// One test per rule: a right document, one thing in it changed, and the lines that come out.
macro_rules! rules {
    ($($name:ident: $from:literal => $to:literal, [$($line:literal,)*];)*) => {
        mod rule {
            $(
                #[test]
                fn $name() {
                    let expected: &[&str] = &[$($line),*];
                    assert_eq!(super::faults(&super::changed($from, $to)), expected);
                }
            )*
        }
    };
}

rules! {
    // Reading.

    bad_yaml: "info:\n" => "info: [\n", [
        "sample.yaml:4: $.info[0]: bad YAML: while parsing a flow mapping, did not find expected ',' or '}' (column 10)",
    ];

    tab_indentation: "  title: Sample" => "\ttitle: Sample", [
        "sample.yaml:3: $.info: bad YAML: tabs disallowed within this context (block indentation) (column 2)",
    ];

    duplicate_key: "  version: '1'" => "  version: '1'\n  version: '2'", [
        "sample.yaml:5: $.info.version: duplicate key, first on line 4; remove one of the two",
    ];

    anchor_and_alias: "Name:\n          type: string\n          nullable: true" => "Name: &name\n          type: string\n          nullable: true\n        Nick: *name", [
        "sample.yaml:79: $.components.schemas.User.properties.Name: a YAML anchor (`&name`); use `components` and `$ref`",
        "sample.yaml:82: $.components.schemas.User.properties.Nick: a YAML alias (`*name`); use `$ref`, or write the value out",
    ];

    tag: "title: Sample" => "title: !!str Sample", [
        "sample.yaml:3: $.info.title: a YAML tag (`!name`); remove it",
    ];

    second_document: "    Problem:" => "---\n    Problem:", [
        "sample.yaml:96: $: a second YAML document begins here; keep one per file",
    ];

    key_that_is_not_text: "        '404':" => "        404:", [
        "sample.yaml:29: $.paths./v1/users({UserId}).delete.responses: the key `404` is not text; put it in quotes: '404'",
    ];

    key_that_is_a_list: "  title: Sample" => "  ? [title]\n  : Sample", [
        "sample.yaml:3: $.info: a key that is not text",
    ];

    merge_key: "  title: Sample" => "  <<: {title: Sample}\n  title: Sample", [
        "sample.yaml:3: $.info: a YAML merge key (`<<`); write the values out",
    ];

    number_that_json_lacks: "minItems: 1" => "minItems: 0x1", [
        "sample.yaml:50: $.paths./v1/users/{id}/roles.put.requestBody.content.application/json.schema.properties.roles.minItems: `0x1` is a number that JSON does not have; write a decimal number, or put it in quotes",
    ];

    // Structure.

    misspelt_keyword: "nullable: true\n          items" => "nulable: true\n          items", [
        "sample.yaml:82: $.components.schemas.User.properties.Tags: an array in a response without `nullable: true`; a null would fail to decode",
        "sample.yaml:84: $.components.schemas.User.properties.Tags.nulable: unknown keyword `nulable` in a schema; did you mean `nullable`?",
    ];

    unknown_keyword: "  title: Sample" => "  title: Sample\n  mood: good", [
        "sample.yaml:4: $.info.mood: unknown keyword `mood` in `info`; remove it",
    ];

    missing_keyword: "          description: No such user.\n" => "", [
        "sample.yaml:29: $.paths./v1/users({UserId}).delete.responses.404: a response needs `description`",
    ];

    text_that_is_a_number: "version: '1'" => "version: 1.0", [
        "sample.yaml:4: $.info.version: must be text; put it in quotes",
    ];

    flag_that_is_text: "nullable: true\n          items" => "nullable: yes\n          items", [
        "sample.yaml:82: $.components.schemas.User.properties.Tags: an array in a response without `nullable: true`; a null would fail to decode",
        "sample.yaml:84: $.components.schemas.User.properties.Tags.nullable: must be `true` or `false`",
    ];

    count_that_is_negative: "minItems: 1" => "minItems: -1", [
        "sample.yaml:50: $.paths./v1/users/{id}/roles.put.requestBody.content.application/json.schema.properties.roles.minItems: must be a whole number, 0 or more",
    ];

    object_that_is_text: "        Tags:\n          type: array" => "        Extra: string\n        Tags:\n          type: array", [
        "sample.yaml:82: $.components.schemas.User.properties.Extra: a schema must be a mapping",
    ];

    list_that_is_an_object: "servers:\n  - url" => "servers:\n    url", [
        "sample.yaml:5: $.servers: must be a list",
    ];

    text_in_a_list: "required: [roles]" => "required: [{roles: true}]", [
        "sample.yaml:46: $.paths./v1/users/{id}/roles.put.requestBody.content.application/json.schema.required[0]: must be text",
    ];

    refused_keyword: "      type: object\n      description: A" => "      type: object\n      title: Person\n      description: A", [
        "sample.yaml:74: $.components.schemas.User.title: `title` in a schema is not supported: it would rename the generated type; name the schema under `components` instead",
    ];

    generator_extension: "      type: object\n      description: A" => "      type: object\n      x-rust-type: {}\n      x-mine: fine\n      description: A", [
        "sample.yaml:74: $.components.schemas.User.x-rust-type: the extension `x-rust-type` changes the generator's output; remove it",
    ];

    // References.

    ref_to_nowhere: "$ref: '#/components/schemas/Problem'" => "$ref: '#/components/schemas/Problm'", [
        "sample.yaml:34: $.paths./v1/users({UserId}).delete.responses.404.content.application/json.schema.$ref: `#/components/schemas/Problm` leads nowhere; did you mean `#/components/schemas/Problem`?",
    ];

    ref_to_another_file: "$ref: '#/components/schemas/Problem'" => "$ref: 'errors.yaml#/Problem'", [
        "sample.yaml:34: $.paths./v1/users({UserId}).delete.responses.404.content.application/json.schema.$ref: `errors.yaml#/Problem` is not supported as a `$ref` here; write `#/components/schemas/<name>`",
    ];

    ref_to_another_kind: "$ref: '#/components/schemas/Problem'" => "$ref: '#/components/responses/Problem'", [
        "sample.yaml:34: $.paths./v1/users({UserId}).delete.responses.404.content.application/json.schema.$ref: `#/components/responses/Problem` is not supported as a `$ref` here; write `#/components/schemas/<name>`",
    ];

    keyword_beside_a_ref: "$ref: '#/components/schemas/Problem'" => "nullable: true\n                $ref: '#/components/schemas/Problem'", [
        "sample.yaml:34: $.paths./v1/users({UserId}).delete.responses.404.content.application/json.schema.nullable: `nullable` has no effect beside `$ref`; move it to the target, or wrap the `$ref` in `allOf`",
    ];

    component_that_is_only_a_ref: "    Problem:\n" => "    Alias:\n      $ref: '#/components/schemas/Problem'\n    Problem:\n", [
        "sample.yaml:96: $.components.schemas.Alias: a component that is only a `$ref`; use its target where this one is used",
    ];

    component_name: "    Problem:\n" => "    Odd name: {}\n    Problem:\n", [
        "sample.yaml:96: $.components.schemas.Odd name: the name `Odd name` may only have letters, digits, `.`, `_` and `-`",
    ];

    // The document as a whole.

    version_3_1: "openapi: 3.0.3" => "openapi: 3.1.0", [
        "sample.yaml:1: $.openapi: OpenAPI 3.1.0 is not supported; write a 3.0.3 document",
    ];

    no_server: "servers:\n  - url: https://api.example.com/base/" => "servers: []", [
        "sample.yaml:5: $.servers: name at least one server; the client's base URL is the first",
    ];

    server_that_is_no_base_url: "https://api.example.com/base/" => "/base?x=1", [
        "sample.yaml:6: $.servers[0].url: `/base?x=1` is not a base URL; write https://, without query and fragment",
    ];

    server_variable_not_declared: "https://api.example.com/base/" => "https://{portal}", [
        "sample.yaml:6: $.servers[0].url: `{portal}` is not declared; add it to `variables`",
    ];

    // Paths and operations.

    missing_operation_id: "      operationId: set_roles\n" => "", [
        "sample.yaml:36: $.paths./v1/users/{id}/roles.put: an operation needs `operationId`",
    ];

    duplicate_operation_id: "operationId: set_roles" => "operationId: disable_user", [
        "sample.yaml:37: $.paths./v1/users/{id}/roles.put.operationId: the operationId `disable_user` is taken, or too like the one on line 10; rename one",
    ];

    operation_id_that_is_no_name: "operationId: set_roles" => "operationId: set roles", [
        "sample.yaml:37: $.paths./v1/users/{id}/roles.put.operationId: `set roles` can't be a method's name; use letters, digits, `_` and `-`",
    ];

    servers_of_an_operation: "operationId: set_roles" => "operationId: set_roles\n      servers: []", [
        "sample.yaml:38: $.paths./v1/users/{id}/roles.put.servers: `servers` in an operation is not supported: the client has one base URL; give the whole path servers of its own",
    ];

    path_without_a_slash: "/v1/users/{id}/roles:" => "v1/users/{id}/roles:", [
        "sample.yaml:35: $.paths.v1/users/{id}/roles: a path must begin with `/`",
    ];

    path_with_an_empty_segment: "/v1/users/{id}/roles:" => "/v1//users/{id}/roles/:", [
        "sample.yaml:35: $.paths./v1//users/{id}/roles/: a path must not have empty segments; remove the extra `/`",
    ];

    path_with_a_query: "/v1/users/{id}/roles:" => "/v1/users/{id}/roles?all=1:", [
        "sample.yaml:35: $.paths./v1/users/{id}/roles?all=1: a path must not have a query, a fragment or blanks; declare query parameters",
    ];

    path_with_a_lone_brace: "/v1/users/{id}/roles:" => "/v1/users/{id/roles:", [
        "sample.yaml:35: $.paths./v1/users/{id/roles: a `{` without a `}`; correct the braces",
    ];

    path_without_operation: "components:\n  parameters" => "  /v1/empty:\n    description: Nothing.\ncomponents:\n  parameters", [
        "sample.yaml:63: $.paths./v1/empty: a path without an operation; add one or remove the path",
    ];

    body_that_is_optional: "      requestBody:\n        required: true" => "      requestBody:\n        required: false", [
        "sample.yaml:40: $.paths./v1/users/{id}/roles.put.requestBody: a request body is always sent; say `required: true`",
    ];

    body_with_two_types: "        content:\n          application/json:\n            schema:\n              type: object" => "        content:\n          text/plain:\n            schema:\n              type: string\n          application/json:\n            schema:\n              type: object", [
        "sample.yaml:42: $.paths./v1/users/{id}/roles.put.requestBody.content: a request body has one type, `application/json`; the generator takes no other and no choice",
    ];

    // Parameters.

    path_parameter_not_declared: "/v1/users/{id}/roles:" => "/v1/users/{id}/roles/{role}:", [
        "sample.yaml:36: $.paths./v1/users/{id}/roles/{role}.put: the path has `{role}`, which is not declared; add a parameter of that name with `in: path`",
    ];

    path_parameter_not_in_the_path: "/v1/users/{id}/roles:" => "/v1/users/roles:", [
        "sample.yaml:65: $.components.parameters.Id: the path parameter `id` is not in the path; add `{id}` or remove it",
    ];

    path_parameter_twice: "/v1/users/{id}/roles:" => "/v1/users/{id}/roles/{id}:", [
        "sample.yaml:35: $.paths./v1/users/{id}/roles/{id}: `{id}` is twice in the path; rename one",
    ];

    path_parameter_not_required: "          in: path\n          required: true" => "          in: path", [
        "sample.yaml:12: $.paths./v1/users({UserId}).delete.parameters[0]: a path parameter must say `required: true`",
    ];

    parameter_in_a_cookie: "in: header" => "in: cookie", [
        "sample.yaml:18: $.paths./v1/users({UserId}).delete.parameters[1]: a parameter in a cookie is not supported; no cookies are sent",
    ];

    parameter_in_nowhere: "in: header" => "in: heder", [
        "sample.yaml:18: $.paths./v1/users({UserId}).delete.parameters[1]: unknown place `in: heder`; write path, query or header",
    ];

    parameter_style: "in: header" => "in: header\n          style: form", [
        "sample.yaml:20: $.paths./v1/users({UserId}).delete.parameters[1].style: only the style `simple` is supported here; remove it",
    ];

    parameter_with_a_reserved_name: "name: Trace-Id" => "name: Authorization", [
        "sample.yaml:18: $.paths./v1/users({UserId}).delete.parameters[1]: the header `Authorization` is not a parameter in OpenAPI; describe it by content types or `security`",
    ];

    parameter_name_that_is_no_header: "name: Trace-Id" => "name: Träce", [
        "sample.yaml:18: $.paths./v1/users({UserId}).delete.parameters[1]: `Träce` is not a header's name; use letters, digits, `-` and `_`",
    ];

    parameters_that_are_too_alike: "name: Trace-Id" => "name: user-id", [
        "sample.yaml:18: $.paths./v1/users({UserId}).delete.parameters[1]: the parameter `user-id` is taken, or too like the one on line 12; rename one",
    ];

    parameter_named_body: "      name: id\n" => "      name: Body\n", [
        "sample.yaml:36: $.paths./v1/users/{id}/roles.put: the path has `{id}`, which is not declared; add a parameter of that name with `in: path`",
        "sample.yaml:65: $.components.parameters.Id: the parameter `Body` is taken, or too like the one on line 40; rename one",
        "sample.yaml:65: $.components.parameters.Id: the path parameter `Body` is not in the path; add `{Body}` or remove it",
    ];

    parameter_that_is_a_list: "          in: header\n          schema:\n            type: string" => "          in: header\n          schema:\n            type: array\n            items: {}", [
        "sample.yaml:20: $.paths./v1/users({UserId}).delete.parameters[1].schema: a parameter is a string, an integer, a number or a boolean; say which as `type`",
    ];

    parameter_that_is_nullable: "          in: header\n          schema:\n            type: string" => "          in: header\n          schema:\n            type: string\n            nullable: true", [
        "sample.yaml:20: $.paths./v1/users({UserId}).delete.parameters[1].schema: a parameter can't be null; leave out `required` where it is optional",
    ];

    // Responses.

    second_success: "        '404':\n          description: No such user." => "        '204':\n          description: No such user.", [
        "sample.yaml:29: $.paths./v1/users({UserId}).delete.responses.204: a second success beside 200; the client can have one: say in the description of 200 what 204 means",
        "sample.yaml:101: $.components.schemas.Problem.properties.Message.enum: `enum` in a response makes what does not fit fail to decode; use an open `type: string` and list the known words in the description",
    ];

    no_success: "        '201':" => "        '301':", [
        "sample.yaml:54: $.paths./v1/users/{id}/roles.put.responses: no success; name the one 2xx status that the operation answers with",
    ];

    default_response: "        5XX:" => "        default:", [
        "sample.yaml:61: $.paths./v1/users/{id}/roles.put.responses.default: `default` covers the successes too; name the statuses, or write 4XX and 5XX",
    ];

    range_of_successes: "        '201':" => "        2XX:", [
        "sample.yaml:55: $.paths./v1/users/{id}/roles.put.responses.2XX: a range counts as more than one success; name the one 2xx status",
    ];

    not_a_status: "        5XX:" => "        '600':", [
        "sample.yaml:61: $.paths./v1/users/{id}/roles.put.responses.600: not a status; write one of 100 to 599, or 4XX, 5XX",
    ];

    success_without_json: "          description: The user.\n          content:\n            application/json:\n              schema:\n                $ref: '#/components/schemas/User'\n        '404'" => "          description: The user.\n          content:\n            text/plain:\n              schema:\n                type: string\n        '404'", [
        "sample.yaml:23: $.paths./v1/users({UserId}).delete.responses.200: a success without the type `application/json`; the client would have nothing to return: add its schema, and say in words when the body is empty",
    ];

    media_type_without_a_schema: "            application/json:\n              schema:\n                $ref: '#/components/schemas/Problem'" => "            application/json: {}", [
        "sample.yaml:32: $.paths./v1/users({UserId}).delete.responses.404.content.application/json: a media type needs `schema`",
    ];

    encoding: "            application/json:\n              schema:\n                $ref: '#/components/schemas/Problem'" => "            application/json:\n              encoding: {}\n              schema:\n                $ref: '#/components/schemas/Problem'", [
        "sample.yaml:33: $.paths./v1/users({UserId}).delete.responses.404.content.application/json.encoding: `encoding` in a media type is not supported: the generator panics at it; remove it",
    ];

    // Schemas.

    unknown_type: "        Name:\n          type: string" => "        Name:\n          type: text", [
        "sample.yaml:80: $.components.schemas.User.properties.Name.type: unknown type `text`; write one of string, number, integer, boolean, array, object",
    ];

    misspelt_type: "        Name:\n          type: string" => "        Name:\n          type: sting", [
        "sample.yaml:80: $.components.schemas.User.properties.Name.type: unknown type `sting`; did you mean `string`?",
    ];

    unknown_format: "format: int32" => "format: int31", [
        "sample.yaml:17: $.paths./v1/users({UserId}).delete.parameters[0].schema.format: unknown format `int31`; did you mean `int32`?",
    ];

    keyword_of_another_type: "                  minItems: 1" => "                  minLength: 1", [
        "sample.yaml:50: $.paths./v1/users/{id}/roles.put.requestBody.content.application/json.schema.properties.roles.minLength: `minLength` says nothing about the type `array`; remove it or correct the type",
    ];

    keyword_without_a_type: "    Problem:\n      type: object\n" => "    Problem:\n", [
        "sample.yaml:97: $.components.schemas.Problem.properties: `properties` needs `type: object` beside it",
    ];

    array_without_items: "          items:\n            type: string\n" => "", [
        "sample.yaml:82: $.components.schemas.User.properties.Tags: an array needs `items`; write `items: {}` for anything",
    ];

    required_and_not_declared: "required: [roles]" => "required: [rolls]", [
        "sample.yaml:46: $.paths./v1/users/{id}/roles.put.requestBody.content.application/json.schema.required[0]: `rolls` is required and not among the `properties`; add it or correct the name",
    ];

    properties_that_are_too_alike: "        Tags:\n          type: array" => "        name:\n          type: string\n        Tags:\n          type: array", [
        "sample.yaml:82: $.components.schemas.User.properties.name: the property `name` is too like the one on line 79; both become one name in Rust: rename one",
    ];

    schemas_that_are_too_alike: "    Problem:\n" => "    user: {}\n    Problem:\n", [
        "sample.yaml:96: $.components.schemas.user: the schema `user` is too like the one on line 72; both become one name in Rust: rename one",
    ];

    enumeration_of_numbers: "enum: [gone, unknown]" => "enum: [1, null]", [
        "sample.yaml:101: $.components.schemas.Problem.properties.Message.enum[0]: only text can be enumerated; put it in quotes",
    ];

    enumeration_of_nothing: "enum: [gone, unknown]" => "enum: []", [
        "sample.yaml:101: $.components.schemas.Problem.properties.Message.enum: an enumeration needs at least one value",
    ];

    exclusive_bound_without_a_bound: "            format: int32" => "            exclusiveMinimum: true", [
        "sample.yaml:17: $.paths./v1/users({UserId}).delete.parameters[0].schema.exclusiveMinimum: `exclusiveMinimum` needs `minimum` beside it",
    ];

    choice_of_nothing: "          oneOf:\n            - $ref: '#/components/schemas/User'\n            - enum: [null]" => "          oneOf: []", [
        "sample.yaml:88: $.components.schemas.User.properties.Boss.oneOf: `oneOf` needs at least one schema",
    ];

    schema_within_itself: "    Problem:\n" => "    Loop:\n      allOf:\n        - $ref: '#/components/schemas/Loop'\n    Problem:\n", [
        "sample.yaml:96: $.components.schemas.Loop: the schema is a part of itself; take it out of the circle",
    ];

    // Schemas of a success.

    strict_enum: "        Name:\n          type: string" => "        Name:\n          type: string\n          enum: [jane]", [
        "sample.yaml:81: $.components.schemas.User.properties.Name.enum: `enum` in a response makes what does not fit fail to decode; use an open `type: string` and list the known words in the description",
    ];

    pattern: "        Name:\n          type: string" => "        Name:\n          type: string\n          pattern: .+", [
        "sample.yaml:81: $.components.schemas.User.properties.Name.pattern: `pattern` in a schema is not supported: the generated type would need the crate `regress`; say it in the description and check it in src/",
    ];

    strict_default: "        Name:\n          type: string" => "        Name:\n          type: string\n          default: jane", [
        "sample.yaml:81: $.components.schemas.User.properties.Name.default: `default` in a response makes what does not fit fail to decode; a null would not take it; say in words what absence means",
    ];

    strict_length_of_items: "          nullable: true\n          items:\n            type: string" => "          nullable: true\n          items:\n            type: string\n            minLength: 1", [
        "sample.yaml:87: $.components.schemas.User.properties.Tags.items.minLength: `minLength` in a response makes what does not fit fail to decode; say it in the description",
    ];

    strict_list: "          nullable: true\n          items:" => "          nullable: true\n          uniqueItems: true\n          items:", [
        "sample.yaml:85: $.components.schemas.User.properties.Tags.uniqueItems: `uniqueItems` in a response makes what does not fit fail to decode; say it in the description",
    ];

    strict_bound: "          format: int64\n" => "          format: int64\n          minimum: 1\n", [
        "sample.yaml:79: $.components.schemas.User.properties.Id.minimum: `minimum` in a response makes what does not fit fail to decode; say it in the description",
    ];

    strict_members: "      description: A [user]" => "      additionalProperties: false\n      description: A [user]", [
        "sample.yaml:74: $.components.schemas.User.additionalProperties: `additionalProperties: false` in a response makes a new member fail to decode; remove it",
    ];

    strict_text_format: "        Name:\n          type: string" => "        Name:\n          type: string\n          format: date-time", [
        "sample.yaml:81: $.components.schemas.User.properties.Name.format: the format `date-time` in a response makes what does not fit fail to decode; leave the format out and say it in the description",
    ];

    strict_integer_format: "        Id:\n          type: integer\n          format: int64" => "        Id:\n          type: integer\n          format: int32", [
        "sample.yaml:78: $.components.schemas.User.properties.Id.format: the format `int32` in a response makes what does not fit fail to decode; write `int64`",
    ];

    list_that_can_t_be_null: "          type: array\n          nullable: true\n" => "          type: array\n", [
        "sample.yaml:82: $.components.schemas.User.properties.Tags: an array in a response without `nullable: true`; a null would fail to decode",
    ];

    map_that_can_t_be_null: "          type: object\n          nullable: true\n          additional" => "          type: object\n          additional", [
        "sample.yaml:91: $.components.schemas.User.properties.Notes: a map in a response without `nullable: true`; a null would fail to decode",
    ];
}

#[test]
fn the_sample_itself_is_right() {
    assert_eq!(faults(SAMPLE), Vec::<String>::new());
}

#[test]
fn all_faults_of_a_document_come_at_once() {
    let text = changed("operationId: set_roles", "operationId: disableUser").replace("type: integer", "type: int");
    let lines = faults(&text);
    assert_eq!(lines.len(), 3, "{lines:#?}");
}

#[test]
fn an_empty_document_is_a_fault() {
    assert_eq!(faults(""), ["sample.yaml:1: $: the document is empty"]);
    assert_eq!(faults("just text"), ["sample.yaml:1: $: the document must be a mapping"]);
}

#[test]
fn every_fault_is_one_line() {
    let fault = build::fault::Fault::new(3, "$.a", "first\n  second");
    assert_eq!(fault.in_file("a.yaml"), "a.yaml:3: $.a: first second");
}

// What the lint does not know must still not end in a backtrace.

#[test]
fn a_panic_of_the_generator_becomes_a_fault() {
    let text = changed("'#/components/schemas/Problem'", "'other.yaml#/Problem'")
        .replace("'#/components/schemas/User'", "'other.yaml#/User'");
    let document = build::read::read(&text).unwrap();
    let faults = build::generate::generate("sample.yaml", &document).unwrap_err();
    let lines: Vec<String> = faults.iter().map(|it| it.in_file("sample.yaml")).collect();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(
        lines[0].starts_with(
            "sample.yaml:1: $: the generator panics: external references are not supported: other.yaml#/User (typify-impl-"
        ),
        "{lines:#?}"
    );
}

#[test]
fn a_refusal_of_the_generator_becomes_a_fault() {
    let text = changed("in: header", "in: cookie");
    let document = build::read::read(&text).unwrap();
    let faults = build::generate::generate("sample.yaml", &document).unwrap_err();
    assert!(faults[0].what.starts_with("the generator refuses it: unexpected or unhandled format"), "{faults:#?}");
}

#[test]
fn a_document_that_openapiv3_does_not_read_is_a_fault() {
    let document = build::read::read("openapi: 3.0.3\ninfo: {title: A, version: '1'}").unwrap();
    let faults = build::generate::generate("sample.yaml", &document).unwrap_err();
    assert_eq!(
        faults[0].in_file("sample.yaml"),
        "sample.yaml:1: $: not an OpenAPI 3.0 document: missing field `paths`"
    );
}

#[test]
fn the_net_catches_every_kind_of_panic_and_only_panics() {
    let caught = build::guard::guard(|| panic!("number {}", 7)).unwrap_err();
    assert!(caught.starts_with("number 7 ("), "{caught}");
    let caught = build::guard::guard(|| std::panic::panic_any(7)).unwrap_err();
    assert!(caught.starts_with("it gave no reason ("), "{caught}");
    assert_eq!(build::guard::guard(|| 7), Ok(7));
}

// What comes out.

#[test]
fn the_five_documents_have_no_fault() {
    let documents = documents();
    let stems: Vec<&str> = documents.iter().map(|(stem, _)| stem.as_str()).collect();
    assert_eq!(stems, ["cor", "cova", "onlyoffice", "persona", "projectmanager"]);
    for (stem, text) in &documents {
        generated(stem, text);
    }
}

#[test]
fn generating_twice_gives_the_same() {
    for (stem, text) in documents() {
        assert_eq!(generated(&stem, &text), generated(&stem, &text));
    }
}

/// What the crate's vendors call. A change of a document that changes one of these changes `src/vendor/` as well.
#[test]
fn the_operations_are_these() {
    let mut lines = Vec::new();
    for (stem, text) in documents() {
        let code = generated(&stem, &text);
        lines.extend(signatures(&code).into_iter().map(|it| format!("{stem}: {it}")));
    }
    lines.sort();
    assert_eq!(lines, OPERATIONS);
}

const OPERATIONS: &[&str] = &[
    "cor: detach_workspaces(&self, user_id: &str, body: &types::DetachRequest) -> Result<ResponseValue<types::User>, Error<()>>",
    "cova: disable_user(&self, user_id: ::std::num::NonZeroU32) -> Result<ResponseValue<types::User>, Error<()>>",
    "onlyoffice: authenticate(&self, body: &types::AuthenticationRequest) -> Result<ResponseValue<types::TokenEnvelope>, Error<()>>",
    "onlyoffice: unlink_project(&self, contactid: ::std::num::NonZeroU32, projectid: ::std::num::NonZeroU32) -> Result<ResponseValue<types::ContactEnvelope>, Error<()>>",
    "persona: deactivate_connection(&self, connection_id: &str, idempotency_key: Option<&str>, key_inflection: Option<types::KeyInflection>, persona_version: Option<&str>) -> Result<ResponseValue<types::ConnectionEnvelope>, Error<()>>",
    "persona: retrieve_connection(&self, connection_id: &str, key_inflection: Option<types::KeyInflection>, persona_version: Option<&str>) -> Result<ResponseValue<types::ConnectionEnvelope>, Error<()>>",
    "projectmanager: disconnect_provider(&self, provider_id: &::uuid::Uuid, x_integration_name: Option<&str>) -> Result<ResponseValue<types::AstroResult>, Error<()>>",
];

/// The signatures of a client's operations, each on one line.
fn signatures(code: &str) -> Vec<String> {
    code.split("pub async fn ")
        .skip(1)
        .map(|rest| {
            let signature = rest.split(" {").next().unwrap();
            let line = signature.split_whitespace().collect::<Vec<_>>().join(" ");
            line.replace("( ", "(").replace(", )", ")").replace("'a ", "").replace("<'a>", "")
        })
        .collect()
}

#[test]
fn types_are_open_and_say_where_they_come_from() {
    let code = generated("sample", SAMPLE);
    let types = code.split("pub mod error").next().unwrap();
    let count = types.matches("pub struct ").count() + types.matches("pub enum ").count();
    assert_eq!(types.matches("#[non_exhaustive]").count(), count);
    assert!(types.contains("Mirrors the schema `User` in `openapi/sample.yaml`."));
    assert!(types.contains("Mirrors a part of a schema in `openapi/sample.yaml`."));
    assert!(types.contains("A \\[user\\] of <https://example.com>, see <https://example.com/users>."));
    assert!(types.contains("///`Name`"), "a field without a description has its name in the document");
}

#[test]
fn a_failure_is_untyped_and_its_type_is_still_there() {
    let code = generated("sample", SAMPLE);
    assert!(code.contains("pub struct Problem "));
    assert!(!code.contains("404u16"));
    assert!(!code.contains("ErrorResponse"));
}

#[test]
fn nothing_is_left_that_sends_without_hooks() {
    let code = generated("sample", SAMPLE);
    assert!(!code.contains("impl ClientHooks"));
    assert!(!code.contains("fn new("));
    assert!(!code.contains("pub mod prelude"));
    assert!(!code.trim_start().starts_with("#!"));
}

#[test]
fn a_success_without_a_body_returns_nothing() {
    let typed = "        '200':\n          description: The user.\n          content:\n            application/json:\n              \
                 schema:\n                $ref: '#/components/schemas/User'\n";
    let code = generated("sample", &changed(typed, "        '204':\n          description: Done.\n"));
    assert!(signatures(&code)[0].ends_with("Result<ResponseValue<()>, Error<()>>"), "{}", signatures(&code)[0]);
}

#[test]
fn requests_are_made_from_the_parsed_base_and_without_an_invented_version() {
    let code = generated("sample", SAMPLE);
    assert_eq!(code.matches(".url(&format!(").count(), 2);
    assert!(!code.contains("self.baseurl,"));
    assert!(!code.contains("api-version"));
}

#[test]
fn the_crate_is_told_the_server_and_the_operations() {
    let code = generated("sample", SAMPLE);
    let tail = code.split("pub(crate) const OPERATIONS").nth(1).unwrap();
    let tail = tail.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(
        tail,
        ": &[crate::transport::Operation] = &[ \
         crate::transport::Operation { id: \"disable_user\", method: \"DELETE\", path: \"/v1/users({UserId})\", }, \
         crate::transport::Operation { id: \"set_roles\", method: \"PUT\", path: \"/v1/users/{id}/roles\", }, ]; \
         ///The server of `openapi/sample.yaml`, without a slash at its end. \
         pub(crate) const SERVER: &str = \"https://api.example.com/base\";"
    );
}

#[test]
fn a_path_with_servers_of_its_own_is_described_and_not_generated() {
    let text = changed("    put:\n", "    servers:\n      - url: https://accounts.example.com\n    put:\n");
    let code = generated("sample", &text);
    assert_eq!(signatures(&code).len(), 1);
    assert!(!code.contains("set_roles"));
}

#[test]
fn descriptions_are_made_fit_for_rustdoc() {
    let cases = [
        ("a [word] here", r"a \[word\] here"),
        ("[text](https://example.com)", "[text](https://example.com)"),
        ("<b>bold</b>", r"\<b\>bold\</b\>"),
        ("see https://example.com/a_b.", "see <https://example.com/a_b>."),
        ("(http://example.com)", "(<http://example.com>)"),
        ("<https://example.com>", "<https://example.com>"),
        ("`[code] <b>` and ``a ` [b]``", "`[code] <b>` and ``a ` [b]``"),
        (r"\[kept\]", r"\[kept\]"),
        ("```\n[fenced]\n```\n[not]", "```\n[fenced]\n```\n\\[not\\]"),
        ("hello `open", "hello `open"),
        ("ends with [", r"ends with \["),
        ("ends with \\", "ends with \\"),
    ];
    for (from, to) in cases {
        assert_eq!(build::doc::clean(from), to);
    }
}

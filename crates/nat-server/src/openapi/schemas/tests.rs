use super::*;

fn components(schemas: Schemas) -> Map<String, Value> {
    let fixed = fixed::schemas();
    schemas.into_json().into_iter().filter(|(name, _)| !fixed.contains_key(name)).collect()
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn note(field: &str) -> Value {
    json!({ "type": "object", "properties": { field: { "type": "string" } } })
}

fn list(of: Value) -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "List", "type": "object",
        "properties": { "notes": { "type": "array", "items": { "$ref": "#/$defs/Note" } } }, "$defs": { "Note": of },
    })
}

#[test]
fn definitions_move_into_the_table() {
    let mut schemas = Schemas::new();
    assert_eq!(schemas.add(&list(note("text")), None, Direction::Input, "X"), reference("List"));
    assert_eq!(schemas.add(&list(note("text")), None, Direction::Output, "Y"), reference("List"));
    // The same type at the top is the same type.
    let mut alone = note("text");
    alone["title"] = json!("Note");
    assert_eq!(schemas.add(&alone, None, Direction::Input, "Z"), reference("Note"));
    let table = components(schemas);
    assert_eq!(table.keys().collect::<Vec<_>>(), ["List", "Note"]);
    assert_eq!(table["List"]["properties"]["notes"]["items"], reference("Note"));
    assert_eq!((&table["Note"]["title"], table["List"].get("$schema")), (&json!("Note"), None));
}

#[test]
fn different_types_of_one_name_get_different_names() {
    let mut schemas = Schemas::new();
    let names = [
        schemas.add(&list(note("text")), None, Direction::Input, "X"),
        // These look the same and refer to another `Note`.
        schemas.add(&list(note("body")), None, Direction::Output, "X"),
        schemas.add(&list(note("line")), None, Direction::Output, "X"),
        schemas.add(&list(note("body")), None, Direction::Input, "X"),
    ];
    assert_eq!(names, ["List", "ListOutput", "ListOutput2", "ListInput"].map(reference));
    let table = components(schemas);
    for (list, note, field) in
        [("List", "Note", "text"), ("ListOutput", "NoteOutput", "body"), ("ListOutput2", "NoteOutput2", "line")]
    {
        assert_eq!(table[list]["properties"]["notes"]["items"], reference(note));
        assert!(table[note]["properties"].get(field).is_some(), "{note}");
    }
}

#[test]
fn names_of_this_crate_are_taken() {
    let mut schemas = Schemas::new();
    let mut error = note("text");
    error["title"] = json!("WorkflowError");
    assert_eq!(schemas.add(&error, None, Direction::Output, "X"), reference("WorkflowErrorOutput"));
}

#[test]
fn plain_types_lie_in_an_object() {
    let mut schemas = Schemas::new();
    let text = json!({ "$schema": "…", "title": "string", "type": "string" });
    assert_eq!(schemas.add(&text, Some("text"), Direction::Input, "EchoInput"), reference("EchoInput"));
    let anything = json!(true);
    assert_eq!(schemas.add(&anything, Some("value"), Direction::Output, "EchoOutput"), reference("EchoOutput"));
    let table = components(schemas);
    assert_eq!(
        table["EchoInput"],
        json!({ "title": "EchoInput", "type": "object", "properties": { "text": { "type": "string" } }, "required": ["text"] })
    );
    assert_eq!(table["EchoOutput"]["properties"]["value"], json!(true));
}

#[test]
fn types_that_contain_themselves_stay_whole() {
    let mut tree = json!({ "type": "object", "properties": { "branches": { "type": "array", "items": { "$ref": "#/$defs/Tree" } } } });
    let definition = tree.clone();
    tree["title"] = json!("Tree");
    tree["$defs"] = json!({ "Tree": definition });
    let by_root =
        json!({ "title": "Loop", "anyOf": [{ "type": "null" }, { "type": "array", "items": { "$ref": "#" } }] });
    let mut schemas = Schemas::new();
    assert_eq!(schemas.add(&tree, None, Direction::Input, "X"), reference("Tree"));
    assert_eq!(schemas.add(&by_root, Some("value"), Direction::Input, "In"), reference("In"));
    let table = components(schemas);
    assert_eq!(table.keys().collect::<Vec<_>>(), ["In", "Loop", "Tree"]);
    assert_eq!(table["Tree"]["properties"]["branches"]["items"], reference("Tree"));
    assert_eq!(table["In"]["properties"]["value"], reference("Loop"));
    assert_eq!(table["Loop"]["anyOf"][1]["items"], reference("Loop"));
}

#[test]
fn names_have_letters_that_components_may_have() {
    let mut schemas = Schemas::new();
    let odd = json!({ "title": "A list of <things>/é", "type": "object" });
    assert_eq!(schemas.add(&odd, None, Direction::Input, "X"), reference("A_list_of__things___"));
}

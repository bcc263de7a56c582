//! A reference to something else.


struct Bag;

#[nat::functions]
impl Bag {
    #[function]
    async fn push(&self, _names: &Vec<String>, item: String) -> nat::Result<usize> {
        Ok(item.len())
    }
}

fn main() {}

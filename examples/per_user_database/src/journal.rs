//! One user's file. Knows nothing of users or requests, and blocks its thread.

use std::fs;
use std::path::Path;

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

const ENTRIES: TableDefinition<'_, u64, &str> = TableDefinition::new("entries");
const COUNTS: TableDefinition<'_, &str, u64> = TableDefinition::new("counts");
/// Thousands of users may be here at once, and the database would take a gigabyte for each.
const CACHE_BYTES: usize = 64 * 1024;

pub(crate) struct Journal {
    database: Database,
}

impl Journal {
    pub(crate) fn open(path: &Path) -> nat::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let database = Database::builder().set_cache_size(CACHE_BYTES).create(path)?;
        let transaction = database.begin_write()?;
        {
            transaction.open_table(ENTRIES)?;
            let mut counts = transaction.open_table(COUNTS)?;
            let before = counts.get("opened")?.map_or(0, |opened| opened.value());
            counts.insert("opened", before + 1)?;
        }
        transaction.commit()?;
        Ok(Self { database })
    }

    /// The entry is on the disk when this returns.
    pub(crate) fn add(&self, text: &str) -> nat::Result<()> {
        let transaction = self.database.begin_write()?;
        {
            let mut entries = transaction.open_table(ENTRIES)?;
            let next = entries.last()?.map_or(0, |(number, _)| number.value() + 1);
            entries.insert(next, text)?;
        }
        Ok(transaction.commit()?)
    }

    pub(crate) fn entries(&self) -> nat::Result<Vec<String>> {
        let entries = self.database.begin_read()?.open_table(ENTRIES)?;
        entries.iter()?.map(|entry| Ok(entry?.1.value().to_owned())).collect()
    }

    pub(crate) fn opened(&self) -> nat::Result<u64> {
        let counts = self.database.begin_read()?.open_table(COUNTS)?;
        Ok(counts.get("opened")?.map_or(0, |opened| opened.value()))
    }
}

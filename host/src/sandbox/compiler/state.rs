//! The state of an instance, as it goes into a snapshot.

use std::collections::BTreeMap;
use std::io::{self, Write};

use wasmtime_wizer::ComponentInstanceState;

use super::frames::{self, Frame, Kind};

/// Every global and memory, by the name of what shows it. Each is looked at once: to look at a memory makes it grow,
/// which may fail, and whoever writes the snapshot asks twice and takes no error.
#[derive(Default)]
pub(in crate::sandbox) struct InstanceState {
    values: BTreeMap<String, Value>,
    missed: Option<String>,
}

pub(in crate::sandbox) enum Value {
    I32(i32),
    I64(i64),
    F32(u32),
    F64(u64),
    Memory(Vec<u8>),
}

impl InstanceState {
    pub(in crate::sandbox) fn insert(&mut self, name: String, value: Value) {
        self.values.insert(name, value);
    }

    /// What was asked for and is not there.
    pub(super) fn missed(&self) -> Option<&str> {
        self.missed.as_deref()
    }

    /// Sends all of it.
    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        for (name, value) in &self.values {
            frames::write(to, Kind::Name, name.as_bytes())?;
            match value {
                Value::I32(value) => frames::write(to, Kind::I32, &value.to_le_bytes()),
                Value::I64(value) => frames::write(to, Kind::I64, &value.to_le_bytes()),
                Value::F32(value) => frames::write(to, Kind::F32, &value.to_le_bytes()),
                Value::F64(value) => frames::write(to, Kind::F64, &value.to_le_bytes()),
                Value::Memory(bytes) => frames::write(to, Kind::Memory, bytes),
            }?;
        }
        Ok(())
    }

    fn miss(&mut self, name: &str) {
        self.missed.get_or_insert_with(|| name.to_owned());
    }
}

/// A value out of its frame; `None` where it is none.
pub(super) fn value_of(frame: Frame) -> Option<Value> {
    let content = frame.content.as_slice();
    Some(match frame.kind {
        Kind::I32 => Value::I32(i32::from_le_bytes(content.try_into().ok()?)),
        Kind::I64 => Value::I64(i64::from_le_bytes(content.try_into().ok()?)),
        Kind::F32 => Value::F32(u32::from_le_bytes(content.try_into().ok()?)),
        Kind::F64 => Value::F64(u64::from_le_bytes(content.try_into().ok()?)),
        Kind::Memory => Value::Memory(frame.content),
        _ => return None,
    })
}

impl ComponentInstanceState for InstanceState {
    async fn call_func_ret_list_u8(
        &mut self,
        _instance: &str,
        func: &str,
        contents: impl FnOnce(&[u8]) + Send,
    ) {
        if let Some(Value::Memory(bytes)) = self.values.get(func) {
            contents(bytes);
        } else {
            self.miss(func);
            contents(&[]);
        }
    }

    async fn call_func_ret_s32(&mut self, _instance: &str, func: &str) -> i32 {
        if let Some(Value::I32(value)) = self.values.get(func) {
            return *value;
        }
        self.miss(func);
        0
    }

    async fn call_func_ret_s64(&mut self, _instance: &str, func: &str) -> i64 {
        if let Some(Value::I64(value)) = self.values.get(func) {
            return *value;
        }
        self.miss(func);
        0
    }

    async fn call_func_ret_f32(&mut self, _instance: &str, func: &str) -> u32 {
        if let Some(Value::F32(value)) = self.values.get(func) {
            return *value;
        }
        self.miss(func);
        0
    }

    async fn call_func_ret_f64(&mut self, _instance: &str, func: &str) -> u64 {
        if let Some(Value::F64(value)) = self.values.get(func) {
            return *value;
        }
        self.miss(func);
        0
    }
}

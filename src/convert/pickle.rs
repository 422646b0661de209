//! Reads the part of Python's pickle format (protocol 2) that torch writes for weights. Nothing is run.
//!
//! A pickle is a program for a stack machine: <https://docs.python.org/3/library/pickletools.html>. Objects lie in one list and name
//! each other by number, so one that holds itself does no harm, and neither does deep nesting. Calls are kept as data, and only the
//! three names that weights need may be called or mentioned at all.

use std::collections::HashMap;

/// The most steps that a pickle may take. The weights we know take under 3,000; each costs under 100 bytes of memory.
const MAX_STEPS: usize = 100_000;

/// The longest text, in bytes. What weights name takes under 100; texts can be used again and again, and comparing them costs time.
const MAX_TEXT: usize = 1_000;

/// Says what is wrong at which byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flaw {
    pub(super) at: usize,
    pub(super) reason: String,
}

/// Takes bytes from the front, and none that are not there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes were taken.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(super) fn flaw(&self, reason: impl Into<String>) -> Flaw {
        Flaw { at: self.at, reason: reason.into() }
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Flaw> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len());
        let Some(end) = end else {
            return Err(self.flaw(format!("{count} bytes are due and {} are left", self.left())));
        };
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Flaw> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn byte(&mut self) -> Result<u8, Flaw> {
        self.array().map(|[byte]| byte)
    }

    fn length(&mut self) -> Result<usize, Flaw> {
        let length = u32::from_le_bytes(self.array()?);
        usize::try_from(length).map_err(|_| self.flaw("too long"))
    }

    fn line(&mut self) -> Result<&'a str, Flaw> {
        let rest = &self.bytes[self.at..];
        let Some(length) = rest.iter().position(|b| *b == b'\n') else { return Err(self.flaw("a name does not end")) };
        let line = self.text(length)?;
        self.at += 1;
        Ok(line)
    }

    fn text(&mut self, length: usize) -> Result<&'a str, Flaw> {
        let from = self.at;
        std::str::from_utf8(self.take(length)?).map_err(|_| Flaw { at: from, reason: "a text is not UTF-8".into() })
    }
}

/// Names an object of one [`Pickle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Id(usize);

/// What Python code a pickle may mention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Callable {
    OrderedDict,
    RebuildTensor,
    FloatStorage,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Object<'a> {
    None,
    Bool(bool),
    Int(i64),
    /// An integer of more than eight bytes, little-endian, two's complement.
    Long(&'a [u8]),
    Float(f64),
    Text(&'a str),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    /// In the order of insertion; a later entry of the same key counts.
    Dict(Vec<(Id, Id)>),
    Callable(Callable),
    /// The arguments of `torch._utils._rebuild_tensor_v2`, a tuple.
    Tensor(Id),
    /// What names an object outside of the pickle.
    Persistent(Id),
}

/// One pickle, read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pickle<'a> {
    objects: Vec<Object<'a>>,
    root: Id,
}

impl<'a> Pickle<'a> {
    /// Reads the pickle that `reader` stands at, and leaves the reader behind it.
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Flaw> {
        let mut machine = Machine { reader, objects: Vec::new(), stack: Vec::new(), marks: Vec::new(), memo: HashMap::new() };
        for _ in 0..MAX_STEPS {
            if let Some(root) = machine.step()? {
                return Ok(Self { objects: machine.objects, root });
            }
        }
        Err(machine.reader.flaw(format!("more than {MAX_STEPS} steps")))
    }

    pub(super) fn root(&self) -> &Object<'a> {
        self.object(self.root)
    }

    pub(super) fn object(&self, id: Id) -> &Object<'a> {
        &self.objects[id.0]
    }

    pub(super) fn objects(&self) -> impl Iterator<Item = &Object<'a>> {
        self.objects.iter()
    }

    /// Returns what `dict` holds under the text `key`.
    pub(super) fn get(&self, dict: &[(Id, Id)], key: &str) -> Option<&Object<'a>> {
        let found = dict.iter().rev().find(|(k, _)| matches!(self.object(*k), Object::Text(text) if *text == key));
        found.map(|(_, value)| self.object(*value))
    }

    /// Returns the elements of a tuple.
    pub(super) fn tuple(&self, id: Id) -> Option<&[Id]> {
        match self.object(id) {
            Object::Tuple(elements) => Some(elements),
            _ => None,
        }
    }

    pub(super) fn count(&self, id: Id) -> Option<usize> {
        match self.object(id) {
            Object::Int(n) => usize::try_from(*n).ok(),
            _ => None,
        }
    }
}

struct Machine<'r, 'a> {
    reader: &'r mut Reader<'a>,
    objects: Vec<Object<'a>>,
    stack: Vec<Id>,
    /// How high the stack stood at each mark.
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

impl<'a> Machine<'_, 'a> {
    /// Does one step and returns the result where it was the last.
    fn step(&mut self) -> Result<Option<Id>, Flaw> {
        let at = self.reader.at();
        let object = match self.reader.byte()? {
            b'.' => return self.pop().map(Some),
            0x80 => {
                let version = self.reader.byte()?;
                if version != 2 {
                    return Err(Flaw { at, reason: format!("pickle protocol {version}, where 2 was due") });
                }
                return Ok(None);
            }
            b'(' => {
                self.marks.push(self.stack.len());
                return Ok(None);
            }
            b'q' => return self.remember_byte(),
            b'r' => {
                let slot = u32::from_le_bytes(self.reader.array()?);
                return self.remember(slot);
            }
            b'h' => {
                let slot = self.reader.byte()?;
                return self.recall(u32::from(slot));
            }
            b'j' => {
                let slot = u32::from_le_bytes(self.reader.array()?);
                return self.recall(slot);
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                return self.set(vec![(key, value)]);
            }
            b'u' => {
                let items = self.since_mark()?;
                let (pairs, []) = items.as_chunks() else { return Err(self.reader.flaw("a key without a value")) };
                return self.set(pairs.iter().map(|[k, v]| (*k, *v)).collect());
            }
            b'a' => {
                let item = self.pop()?;
                return self.append(&[item]);
            }
            b'e' => {
                let items = self.since_mark()?;
                return self.append(&items);
            }
            // The state of an object: only the dictionary of weights has one, and what it holds is of no use here.
            b'b' => {
                self.pop()?;
                let object = self.top()?;
                return match &self.objects[object.0] {
                    Object::Dict(_) => Ok(None),
                    _ => Err(self.reader.flaw("a state for what has none")),
                };
            }
            b'N' => Object::None,
            0x88 => Object::Bool(true),
            0x89 => Object::Bool(false),
            b'K' => Object::Int(self.reader.byte()?.into()),
            b'M' => Object::Int(u16::from_le_bytes(self.reader.array()?).into()),
            b'J' => Object::Int(i32::from_le_bytes(self.reader.array()?).into()),
            0x8a => {
                let length = self.reader.byte()?;
                long(self.reader.take(length.into())?)
            }
            b'G' => Object::Float(f64::from_be_bytes(self.reader.array()?)),
            b'X' => {
                let length = self.reader.length()?;
                if length > MAX_TEXT {
                    return Err(Flaw { at, reason: format!("a text of {length} bytes, where {MAX_TEXT} is the most") });
                }
                Object::Text(self.reader.text(length)?)
            }
            b')' => Object::Tuple(Vec::new()),
            0x85 => Object::Tuple(vec![self.pop()?]),
            0x86 => self.last::<2>()?,
            0x87 => self.last::<3>()?,
            b't' => Object::Tuple(self.since_mark()?),
            b']' => Object::List(Vec::new()),
            b'}' => Object::Dict(Vec::new()),
            b'c' => Object::Callable(self.callable(at)?),
            b'R' => self.call()?,
            b'Q' => Object::Persistent(self.pop()?),
            code => return Err(Flaw { at, reason: format!("step {code:#04x} is none that weights need") }),
        };
        let id = Id(self.objects.len());
        self.objects.push(object);
        self.stack.push(id);
        Ok(None)
    }

    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn pop(&mut self) -> Result<Id, Flaw> {
        let object = self.top()?;
        self.stack.pop();
        Ok(object)
    }

    fn top(&self) -> Result<Id, Flaw> {
        let above = self.stack.get(self.floor()..).unwrap_or_default();
        above.last().copied().ok_or_else(|| self.reader.flaw("nothing is on the stack"))
    }

    fn since_mark(&mut self) -> Result<Vec<Id>, Flaw> {
        let mark = self.marks.pop().ok_or_else(|| self.reader.flaw("no mark was set"))?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    fn last<const N: usize>(&mut self) -> Result<Object<'a>, Flaw> {
        let mut elements = Vec::with_capacity(N);
        for _ in 0..N {
            elements.push(self.pop()?);
        }
        elements.reverse();
        Ok(Object::Tuple(elements))
    }

    fn remember_byte(&mut self) -> Result<Option<Id>, Flaw> {
        let slot = self.reader.byte()?;
        self.remember(slot.into())
    }

    fn remember(&mut self, slot: u32) -> Result<Option<Id>, Flaw> {
        let object = self.top()?;
        self.memo.insert(slot, object);
        Ok(None)
    }

    fn recall(&mut self, slot: u32) -> Result<Option<Id>, Flaw> {
        let object = self.memo.get(&slot).ok_or_else(|| self.reader.flaw(format!("nothing was kept as {slot}")))?;
        self.stack.push(*object);
        Ok(None)
    }

    fn set(&mut self, pairs: Vec<(Id, Id)>) -> Result<Option<Id>, Flaw> {
        let dict = self.top()?;
        match &mut self.objects[dict.0] {
            Object::Dict(entries) => entries.extend(pairs),
            _ => return Err(self.reader.flaw("an entry for what is no dictionary")),
        }
        Ok(None)
    }

    fn append(&mut self, items: &[Id]) -> Result<Option<Id>, Flaw> {
        let list = self.top()?;
        match &mut self.objects[list.0] {
            Object::List(elements) => elements.extend(items),
            _ => return Err(self.reader.flaw("an element for what is no list")),
        }
        Ok(None)
    }

    fn callable(&mut self, at: usize) -> Result<Callable, Flaw> {
        let (module, name) = (self.reader.line()?, self.reader.line()?);
        match (module, name) {
            ("collections", "OrderedDict") => Ok(Callable::OrderedDict),
            ("torch._utils", "_rebuild_tensor_v2") => Ok(Callable::RebuildTensor),
            ("torch", "FloatStorage") => Ok(Callable::FloatStorage),
            _ => {
                let named: String = format!("{module}.{name}").chars().take(60).collect();
                Err(Flaw { at, reason: format!("asks for {named:?}, which weights of f32 do not need; it was not run") })
            }
        }
    }

    fn call(&mut self) -> Result<Object<'a>, Flaw> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        match (&self.objects[function.0], &self.objects[arguments.0]) {
            (Object::Callable(Callable::OrderedDict), Object::Tuple(none)) if none.is_empty() => Ok(Object::Dict(Vec::new())),
            (Object::Callable(Callable::RebuildTensor), Object::Tuple(_)) => Ok(Object::Tensor(arguments)),
            _ => Err(self.reader.flaw("a call that weights do not need")),
        }
    }
}

fn long(bytes: &[u8]) -> Object<'_> {
    if bytes.len() > 8 {
        return Object::Long(bytes);
    }
    let fill = if bytes.last().is_some_and(|b| b & 0x80 != 0) { 0xff } else { 0 };
    let mut whole = [fill; 8];
    whole[..bytes.len()].copy_from_slice(bytes);
    Object::Int(i64::from_le_bytes(whole))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Result<Pickle<'_>, Flaw> {
        Pickle::read(&mut Reader::new(bytes))
    }

    fn reason(bytes: &[u8]) -> String {
        let flaw = read(bytes).unwrap_err();
        format!("{}: {}", flaw.at, flaw.reason)
    }

    #[test]
    fn a_dictionary_is_read_and_the_reader_left_behind_it() {
        // pickle.dumps({"a": (1, 300, -2, True, None), "b": [2.5]}, protocol=2), then one byte more.
        let bytes = b"\x80\x02}q\x00(X\x01\x00\x00\x00aq\x01(K\x01M,\x01J\xfe\xff\xff\xff\x88Ntq\x02X\x01\x00\x00\x00bq\x03]q\x04G@\x04\x00\x00\x00\x00\x00\x00au.!";
        let mut reader = Reader::new(bytes);
        let pickle = Pickle::read(&mut reader).unwrap();
        assert_eq!(reader.left(), 1);
        let Object::Dict(entries) = pickle.root() else { panic!("{pickle:?}") };
        let Some(Object::Tuple(a)) = pickle.get(entries, "a") else { panic!("{pickle:?}") };
        let a: Vec<_> = a.iter().map(|id| pickle.object(*id).clone()).collect();
        assert_eq!(a, [Object::Int(1), Object::Int(300), Object::Int(-2), Object::Bool(true), Object::None]);
        let Some(Object::List(b)) = pickle.get(entries, "b") else { panic!("{pickle:?}") };
        assert_eq!(pickle.object(b[0]), &Object::Float(2.5));
        assert_eq!(pickle.get(entries, "c"), None);
    }

    #[test]
    fn code_is_named_and_not_run() {
        let said = reason(b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.");
        assert_eq!(said, "2: asks for \"os.system\", which weights of f32 do not need; it was not run");
    }

    #[test]
    fn flaws_are_named_with_their_byte() {
        for (bytes, due) in [
            (&b""[..], "0: 1 bytes are due and 0 are left"),
            (b"\x80\x04.", "0: pickle protocol 4, where 2 was due"),
            (b"\x80\x02\x93.", "2: step 0x93 is none that weights need"),
            (b".", "1: nothing is on the stack"),
            (b"X\xff\xff\xff\xffab", "0: a text of 4294967295 bytes, where 1000 is the most"),
            (b"X\x09\x00\x00\x00ab", "5: 9 bytes are due and 2 are left"),
            (b"X\x01\x00\x00\x00\xff.", "5: a text is not UTF-8"),
            (b"Nt.", "2: no mark was set"),
            (b"N(.", "3: nothing is on the stack"),
            (b"N(0.", "2: step 0x30 is none that weights need"),
            (b"}(Nu.", "4: a key without a value"),
            (b"NNNs.", "4: an entry for what is no dictionary"),
            (b"NNa.", "3: an element for what is no list"),
            (b"h\x07.", "2: nothing was kept as 7"),
            (b"NNb.", "3: a state for what has none"),
            (b"ccollections\nOrderedDict\nN\x85R.", "28: a call that weights do not need"),
            (b"ccollections", "1: a name does not end"),
        ] {
            assert_eq!(reason(bytes), due, "{bytes:?}");
        }
    }

    #[test]
    fn a_list_that_holds_itself_and_deep_nesting_do_no_harm() {
        let pickle = read(b"]q\x00h\x00a.").unwrap();
        assert!(matches!(pickle.root(), Object::List(l) if l.len() == 1));
        let deep: Vec<u8> = [b')'].into_iter().chain(std::iter::repeat_n(0x85, 90_000)).chain([b'.']).collect();
        assert!(read(&deep).is_ok());
    }

    #[test]
    fn a_pickle_without_end_is_refused() {
        assert!(reason(&vec![b'N'; 1 << 20]).contains("more than 100000 steps"));
    }

    proptest! {
        #[test]
        fn an_integer_of_any_length_keeps_its_value(n: i64) {
            // Python writes as few bytes as will do.
            let whole = n.to_le_bytes();
            let fill = if n < 0 { 0xff } else { 0 };
            let mut length = 8;
            while length > 0 && whole[length - 1] == fill && (length == 1 || (whole[length - 2] & 0x80 != 0) == (n < 0)) {
                length -= 1;
            }
            prop_assume!(length > 0 || n == 0);
            prop_assert_eq!(long(&whole[..length]), Object::Int(n));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&bytes);
        }
    }
}

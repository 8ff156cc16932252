//! Values that middleware hands to handlers, by type.

use std::{
    any::{Any, TypeId},
    cell::RefCell,
    collections::HashMap,
    rc::Rc,
};

#[derive(Default)]
pub(super) struct Extensions(RefCell<HashMap<TypeId, Rc<dyn Any>>>);

impl Extensions {
    pub(super) fn set<T: 'static>(&self, value: T) {
        self.0
            .borrow_mut()
            .insert(TypeId::of::<T>(), Rc::new(value));
    }

    pub(super) fn get<T: 'static>(&self) -> Option<Rc<T>> {
        let value = self.0.borrow().get(&TypeId::of::<T>())?.clone();
        value.downcast().ok()
    }
}

//! `#[edgepod::data]`: the type, with what it lacks derived.

use proc_macro2::TokenStream;
use quote::quote;

use super::shape::tell_typescript;
use crate::parse::{Data, missing_derives};

pub(crate) fn data(mut data: Data) -> TokenStream {
    let derives = missing_derives(data.attrs());
    tell_typescript(&mut data.item);
    let item = &data.item;
    quote!(#derives #item)
}

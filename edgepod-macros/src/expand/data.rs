use proc_macro2::TokenStream;
use quote::quote;
use syn::Item;

use crate::{
    errors::Errors,
    parse::{missing_derives, no_keys},
};

/// What `#[edgepod::data]` becomes: the type, with what it lacks derived.
pub(crate) fn data(attr: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    no_keys(&attr, "#[edgepod::data]", &mut errors);
    let derives = match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Struct(item)) => Some(missing_derives(&item.attrs)),
        Ok(Item::Enum(item)) => Some(missing_derives(&item.attrs)),
        Ok(other) => {
            errors.at(
                other,
                "`#[edgepod::data]` goes on a struct or an enum: on what functions take and return",
            );
            None
        }
        Err(error) => {
            errors.add(error);
            None
        }
    };
    let messages = errors.to_compile_errors();
    quote! {
        #derives
        #item
        #messages
    }
}

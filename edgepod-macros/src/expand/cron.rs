//! `#[edgepod::cron]`: an internal function, and when the clock calls it.

use proc_macro2::TokenStream;
use quote::quote;

use super::{function, local};
use crate::parse::{Cron, Fields, Schedule};

/// Of a cron with mistakes, the function.
pub(crate) fn cron(cron: &Cron, fine: bool) -> TokenStream {
    let expanded = function(&cron.function, fine);
    let Some(schedule) = cron.schedule.as_ref().filter(|_| fine) else {
        return expanded;
    };
    let Cron { function, text, .. } = cron;
    let (name, cfgs) = (&function.public_name, function.tokens.cfgs());
    let after = local("after");
    let next = match schedule {
        Schedule::Every(micros) => quote!(::edgepod::__private::next_every(#micros, #after)),
        Schedule::Fields(Fields {
            minutes,
            hours,
            days,
            months,
            weekdays,
            either,
        }) => quote! {
            ::edgepod::__private::CronFields {
                minutes: #minutes,
                hours: #hours,
                days: #days,
                months: #months,
                weekdays: #weekdays,
                either: #either,
            }
            .next(#after)
        },
    };
    quote! {
        #expanded

        #(#cfgs)*
        const _: () = {
            ::edgepod::__private::inventory::submit! {
                ::edgepod::__private::CronDef {
                    name: #name,
                    schedule: #text,
                    next: |#after| #next,
                    prepare: ::edgepod::__private::prepare_crons,
                }
            }
        };
    }
}

//! An enum of errors: codes that clients can tell apart, and variants that are always there.

use edgepod_manifest::reserved_codes;

use crate::{
    errors::Errors,
    parse::{ErrorEnum, Told},
};

/// Checks an enum of errors.
pub(crate) fn error(error: &ErrorEnum, errors: &mut Errors) {
    let item = &error.item;
    if !item.generics.params.is_empty() {
        errors.at(
            &item.generics,
            "an error of functions has no parameters: clients know it by its name",
        );
    }
    for variant in &item.variants {
        if let Some(cfg) = variant
            .attrs
            .iter()
            .find(|attr| attr.path().is_ident("cfg"))
        {
            errors.at(
                cfg,
                "a variant behind `cfg` would be an error that clients know only sometimes",
            );
        }
        if let Some((_, value)) = &variant.discriminant {
            errors.at(value, "an error has a status, not a number: remove this");
        }
        if variant.ident == "System" && error.system.is_none() {
            errors.at(
                &variant.ident,
                "a variant `System(edgepod::Error)` is added here, for EdgePod's own errors: give this one another name",
            );
        }
    }
    let mut codes: Vec<&str> = Vec::new();
    for variant in &error.variants {
        let Told::Message { code, .. } = &variant.told else {
            continue;
        };
        if reserved_codes().any(|reserved| reserved == code) {
            errors.at(
                &variant.ident,
                format!(
                    "the code {code} is EdgePod's own, and clients must be able to tell them apart: name the variant after \
                     what is wrong, such as `{}`",
                    example(code)
                ),
            );
        } else if codes.contains(&code.as_str()) {
            errors.at(&variant.ident, format!("two variants have the code {code}"));
        }
        codes.push(code);
    }
}

fn example(code: &str) -> &'static str {
    match code {
        "NOT_FOUND" => "NoSuchAccount",
        "CONFLICT" => "NameTaken",
        "TOO_MANY_REQUESTS" => "OneExportAtATime",
        "UNAUTHORIZED" => "WrongPassword",
        "FORBIDDEN" => "NotTheOwner",
        _ => "AmountIsNegative",
    }
}

#![allow(unused)]

mod polls {
    #[edgepod::table(name = "options")]
    pub struct Option {
        #[primary_key]
        #[auto_inc]
        pub id: i64,
        #[index]
        pub label: std::string::String,
    }
}

mod texts {
    #[edgepod::data]
    pub enum String {
        Short,
        Long,
    }
}

fn main() {}

#![allow(unused)]

edgepod::app!(name = "shop");

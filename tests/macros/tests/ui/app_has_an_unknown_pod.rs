use edgepod as _;

edgepod::app!(pod = by_tenant("org"));

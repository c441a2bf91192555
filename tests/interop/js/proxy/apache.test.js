import { throughProxy } from "../support/proxy-suite.js";

throughProxy("apache");

//! What the sample promises, to those who test and measure with it.

mod calibration;
mod records;
mod results;
mod shape;
mod support;

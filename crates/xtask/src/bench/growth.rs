//! How times grow with the number of studies, drawn.

use anyhow::Context as _;
use plotters::prelude::*;
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path};

const SIZE: (u32, u32) = (900, 560);

/// Draws `growth.svg` in `folder` of all results in it, when there are two or more.
pub(crate) fn draw(folder: &Path) -> anyhow::Result<()> {
    let mut lines: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    for entry in fs::read_dir(folder).context("listing the results")? {
        let Ok(text) = fs::read_to_string(entry?.path().join("result.json")) else { continue };
        let result: Value = serde_json::from_str(&text).context("a result")?;
        let studies = result["studies"].as_f64().context("a result without studies")?;
        for row in result["inside"]["figures"].as_array().into_iter().flatten() {
            let p99_ms = row["wallUs"]["p99"].as_f64().context("a result without times")? / 1_000.0;
            let name = row["name"].as_str().unwrap_or_default().to_owned();
            lines.entry(name).or_default().push((studies, p99_ms.max(0.001)));
        }
    }
    lines.values_mut().for_each(|line| line.sort_by(|a, b| a.0.total_cmp(&b.0)));
    let sizes: Vec<f64> = lines.values().flatten().map(|(studies, _)| *studies).collect();
    let times = || lines.values().flatten().map(|(_, ms)| *ms);
    let (least, most) =
        (sizes.iter().copied().fold(f64::INFINITY, f64::min), sizes.iter().copied().fold(0.0, f64::max));
    if least >= most {
        return Ok(());
    }
    let path = folder.join("growth.svg");
    let (fastest, slowest) = (times().fold(f64::INFINITY, f64::min), times().fold(0.0, f64::max));
    let root = SVGBackend::new(&path, SIZE).into_drawing_area();
    let drawn = || -> Result<(), Box<dyn std::error::Error>> {
        root.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&root)
            .caption("p99, wall, in milliseconds, by the number of studies", ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(36)
            .y_label_area_size(60)
            .right_y_label_area_size(300)
            .build_cartesian_2d((least..most).log_scale(), (fastest * 0.7..slowest * 1.4).log_scale())?;
        chart
            .configure_mesh()
            .x_label_formatter(&|studies| format!("{studies:.0}"))
            .y_label_formatter(&|ms| format!("{ms}"))
            .draw()?;
        for (at, (name, line)) in lines.iter().enumerate() {
            let color = Palette99::pick(at).mix(1.0);
            chart.draw_series(LineSeries::new(line.iter().copied(), color.stroke_width(2)))?;
            chart.draw_series(line.iter().map(|point| Circle::new(*point, 3, color.filled())))?;
            let row = 60 + 18 * at as i32;
            root.draw(&Circle::new((608, row + 6), 4, color.filled()))?;
            root.draw(&Text::new(name.clone(), (618, row), ("sans-serif", 12).into_font()))?;
        }
        Ok(root.present()?)
    };
    drawn().map_err(|error| anyhow::anyhow!("drawing {}: {error}", path.display()))
}

//! Lists of hazards: filters, search, pages, sorts, and the indexes behind them.

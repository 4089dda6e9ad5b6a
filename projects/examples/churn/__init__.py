"""Churn with ticket notes: what customers wrote to support, beside what they pay, tells who will leave.

Its public functions, by module:

- `dataset`: `make_dataset(raw, config, output, chunk_size=1000)`
- `summaries`: `generate_summaries(frame, summary_llm, path, batch_size=10, num_threads=4)`
- `embeddings`: `generate_embeddings(frame, llm, path, num_threads=4)`
- `factories`: `SummaryFactory(provider).summarize(text)`, `EmbeddingFactory(provider).get_embeddings(text)`
- `features`: `prepare_features(frame, models_path)`, `split_data(X, y, data, model)`
- `fitting`: `train(X_train, X_val, y_train, y_val, model)`, `evaluate(model, X_test, y_test)`
- `export`: `save_model_and_metadata(model, X_train, config, models_path)`,
  `load_model_and_assets(models_path)`
- `prediction`: `predict_new_data(records, summary_llm, llm, scaler, feature_names, models_path)`
- `interpretation`: `interpret(frame, X, y, model)`, what the notes added over the other columns
- `customers`: `generate_customers(rows, seed)`, synthetic customers with a known signal in their notes
- `pipeline`: `run(raw, folder, config)`, all of it from a raw file to a folder of files
"""

namespace Alidade.Evaluation;

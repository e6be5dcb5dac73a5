namespace Alidade.Interpretability;
